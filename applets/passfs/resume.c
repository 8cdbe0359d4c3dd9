/* SPDX-License-Identifier: MIT */
/* resume: see resume.h.
 *
 * The nodes are in kept memory themselves (inodes.c). A handle is a descriptor's number, and the next
 * process gets each descriptor back under its number, so the handles in the journal stay valid. The
 * counts of open files, writers and holds are not kept: resume_count() counts them again.
 */
#define _GNU_SOURCE
#include "resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "journal.h"
#include "passfs.h"
#include "sys.h"

enum { WINDOW = 256 };		/* backing ids above the last one noted: threads may have got those before they were killed */

static struct {
	struct journal *kept;
	bool resumed;
	uint64_t *wanted;	/* a bit for each descriptor of the former process that is not open again */
} self;

static bool has_backing(const struct passfs *fs, int32_t id)
{
	for (uint64_t node = 1; node <= self.kept->most_nodes; node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);

		if (inode && inode->backing == id)
			return true;
	}
	return false;
}

/* Closes the WINDOW backing ids from `first` on, except those that a node has. */
static void close_unused(const struct passfs *fs, int device, int32_t first)
{
	bool used[WINDOW] = { false };

	for (uint64_t node = 1; node <= self.kept->most_nodes; node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);

		if (inode && inode->backing >= first && inode->backing - first < WINDOW)
			used[inode->backing - first] = true;
	}
	for (int32_t i = 0; i < WINDOW; i++)
		if (!used[i] && first + i > 0)
			vfs_backing_close(device, first + i);
}

/* A killed process may have got ids that it did not note, or have been about to close others. */
static void close_unused_backings(struct fuse_req *req)
{
	const struct passfs *fs = pass_of(req);

	for (int i = 0; i < JOURNAL_CLOSING; i++) {
		int32_t id = (int32_t)self.kept->closing[i];

		if (id && !has_backing(fs, id))
			vfs_backing_close(fuse_device(req), id);
		self.kept->closing[i] = 0;
	}
	if (self.kept->last_backing)
		close_unused(fs, fuse_device(req), (int32_t)self.kept->last_backing - WINDOW / 2);
}

/* ---- Taking over ---- */

static void count_file(struct passfs *fs, const struct journal_entry *e, bool has_fd)
{
	struct inode *inode = inodes_get(&fs->inodes, e->node);

	pass_hold_anyway(e->uid);
	if (!inode)
		return;
	inode->writers += pass_handle_mode(e->handle);
	if (fs->writeback && has_fd)
		inode->opens++;
}

static void count_entries(struct passfs *fs)
{
	for (uint64_t i = 0; i < self.kept->most_fds; i++) {
		const struct journal_entry *e = self.kept->fd + i;

		if (e->kind == JOURNAL_FILE || e->kind == JOURNAL_DIR || e->kind == JOURNAL_LOST)
			count_file(fs, e, e->kind == JOURNAL_FILE);
		else if (e->kind == JOURNAL_OWNER && fs->locks)
			pass_resume_owner((int)i, e->node, e->id, e->handle, e->pid, e->uid);
	}
	for (uint64_t i = 0; i < self.kept->most_backed; i++) {
		struct journal_entry *e = self.kept->backed + i;

		if (e->kind == JOURNAL_FILE)
			count_file(fs, e, false);
		else
			e->node = 0;	/* reserved, and not noted */
	}
}

enum { WORD_BITS = 64 };	/* of self.wanted */

static void want_fd(int fd)
{
	if (fd < JOURNAL_FDS)
		self.wanted[fd / WORD_BITS] |= (uint64_t)1 << fd % WORD_BITS;
}

static void want_nodes(const struct passfs *fs)
{
	for (uint64_t node = 1; node <= self.kept->most_nodes; node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);

		if (inode)
			want_fd(inode->fd);
	}
	for (uint64_t fd = 0; fd < self.kept->most_fds; fd++)
		if (self.kept->fd[fd].kind != JOURNAL_FREE)
			want_fd((int)fd);
}

/* A server that was taken over may have written these, and this process, which counts by them, is not in
   the sandbox yet. */
static bool is_possible(const struct journal *kept)
{
	return kept->most_nodes <= JOURNAL_NODES && kept->most_fds <= JOURNAL_FDS && kept->most_backed <= JOURNAL_BACKED
	       && kept->most_nodes >= FUSE_ROOT_ID && kept->inode[FUSE_ROOT_ID - 1].ino;
}

static const char *attach(void *data, void *memory, bool resumed)
{
	struct passfs *fs = data;
	struct journal *kept = memory;
	uint64_t layout = sizeof(struct journal) << 16 | sizeof(struct inode);

	if (fs->export)
		return "--export: file handles would not stay valid; run it without --keep";
	if (resumed && kept->layout != layout)
		return "another build of passfs has used it";
	if (resumed && !is_possible(kept))
		return "it is damaged";
	kept->layout = layout;
	self.kept = kept;
	journal_use(kept);
	self.resumed = resumed;
	fs->inodes.kept = kept->inode;
	fs->inodes.kept_most = &kept->most_nodes;
	fs->inodes.kept_room = JOURNAL_NODES;
	pass_use_retries(&kept->retries);
	vfs_raise_descriptors();
	if (!resumed)
		return NULL;
	self.wanted = sys_pages(JOURNAL_FDS / 8);
	if (!self.wanted || inodes_resume(&fs->inodes) < 0)
		return "no memory";
	want_nodes(fs);
	return NULL;
}

static int next_fd(void *fs, int after)
{
	(void)fs;
	for (int fd = after + 1; fd < JOURNAL_FDS; fd++) {
		if (!(fd % WORD_BITS) && !self.wanted[fd / WORD_BITS])
			fd += WORD_BITS - 1;
		else if (self.wanted[fd / WORD_BITS] >> fd % WORD_BITS & 1)
			return fd;
	}
	return -1;
}

/* Occupies a descriptor's number with an empty pipe that has no writer. A directory would lead a server
   that was taken over out of SOURCE. */
static void occupy(int fd)
{
	int pipe[2];

	if (sys_pipe(pipe) < 0)
		return;
	if (pipe[0] != fd) {
		sys_dup2(pipe[0], fd);
		sys_set_cloexec(fd, true);
		sys_close(pipe[0]);
	}
	if (pipe[1] != fd)
		sys_close(pipe[1]);
	sys_close(pipe[1]);
}

/* No other file gets the number of a lost file while the kernel has the handle. */
static void lose_file(struct journal_entry *e, int fd)
{
	if (sys_fd_valid(fd) < 0)
		occupy(fd);
	journal_set(&e->kind, JOURNAL_LOST);
}

/* Clears the bit of a descriptor that is open again. Marks a lost one in the journal, and occupies its number
   before this process opens a file of its own, which could get that number. */
static void got_fd(void *fs, int fd, bool ok)
{
	struct journal_entry *e = self.kept->fd + fd;

	(void)fs;
	if (ok)
		self.wanted[fd / WORD_BITS] &= ~((uint64_t)1 << fd % WORD_BITS);
	else if (e->kind == JOURNAL_FILE || e->kind == JOURNAL_DIR || e->kind == JOURNAL_LOST)
		lose_file(e, fd);
	else if (e->kind == JOURNAL_OWNER)
		journal_set(&e->kind, JOURNAL_FREE);
	if (e->kind == JOURNAL_LOST)
		journal_has_lost();
}

static void lose_nodes(struct passfs *fs)
{
	for (uint64_t node = 1; node <= self.kept->most_nodes; node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);

		if (inode && (inode->fd >= JOURNAL_FDS || self.wanted[inode->fd / WORD_BITS] >> inode->fd % WORD_BITS & 1))
			inodes_lose(&fs->inodes, node);
	}
}

static uint32_t last_instance(const struct passfs *fs)
{
	uint32_t last = 0;

	for (uint64_t node = 1; node <= self.kept->most_nodes; node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);

		if (inode && inode->instance > last)
			last = inode->instance;
	}
	return last;
}

/* The sandbox gives access to everything below the root's descriptor. If the former server was taken over, the
   attacker may have replaced that by a descriptor of another directory. */
static bool is_source(const struct passfs *fs, int fd, uint64_t device, uint64_t ino)
{
	struct vfs_stat st;

	return !fs->serve.sandbox || (vfs_stat(fd, true, &st) == 0 && st.device == device && st.attr.ino == ino);
}

int resume_root(struct passfs *fs, int fd, uint64_t device, uint64_t ino)
{
	struct inode *root;

	if (!self.resumed)
		return inodes_take(&fs->inodes, fd, device, ino, INODE_ALONE) == FUSE_ROOT_ID ? 0 : -ENOMEM;
	lose_nodes(fs);
	sys_free_pages(self.wanted, JOURNAL_FDS / 8);
	root = self.kept->inode;
	if (root->fd >= 0 && !is_source(fs, root->fd, device, ino)) {
		int stranger = root->fd;

		inodes_lose(&fs->inodes, FUSE_ROOT_ID);
		sys_close(stranger);
	}
	if (root->fd < 0) {
		root->fd = fd;		/* found by no name but SOURCE's, so not in the hash */
		root->device = device;
		root->ino = ino;
	} else {
		sys_close(fd);
	}
	fs->device = root->device;
	fs->instances = last_instance(fs);
	return 0;
}

void resume_count(struct passfs *fs)
{
	if (self.resumed)
		count_entries(fs);
}

static void close_opened(struct fuse_req *req, struct fuse_slot *slot)
{
	uint64_t handle = slot->opened - 1;
	struct journal_entry *e = slot->opened ? journal_entry(handle) : NULL;
	uint64_t node;

	if (!e || e->kind == JOURNAL_FREE)
		return;
	node = e->node;
	if (e >= self.kept->backed)
		e->node = 0;
	fuse_write_words((const struct fuse_word[]) { { &e->kind, JOURNAL_FREE }, { &slot->opened, 0 } }, 2);
	pass_close_handle(req, node, handle);
}

static void undo(struct fuse_req *req, struct fuse_slot *slot)
{
	close_opened(req, slot);
	for (uint64_t i = slot->lookups < FUSE_SLOT_NODES ? slot->lookups : FUSE_SLOT_NODES; i--; )
		if (slot->node[i])
			pass_forget(req, slot->node[i], 1);
	slot->lookups = 0;
}

const struct fuse_keeping pass_keeping = {
	.memory = sizeof(struct journal), .attach = attach, .next_fd = next_fd, .got_fd = got_fd, .undo = undo, .settled = close_unused_backings,
};
