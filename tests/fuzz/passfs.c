/* SPDX-License-Identifier: MIT */
/* Requests to passfs, on a tree of its own.
 *
 * The tree is a tmpfs of a few megabytes, made anew for each input, with a directory `tree`
 * that is served and a file beside it that must stay as it is. Nothing else of the machine
 * can be written to: the process has a mount namespace of its own in which all but its
 * current directory is read-only. What the kernel promises is kept: handles that come back
 * are those that were given out, and only what is a file is opened. */
#define _GNU_SOURCE
#include "../../applets/passfs/passfs.c"
#include "../../applets/passfs/open.c"
#include "../../applets/passfs/file.c"
#include "../../applets/passfs/prune.c"
#include "../../applets/passfs/lock.c"
#include "../../applets/passfs/lock_owner.c"
#include "../../applets/passfs/name.c"
#include "../../applets/passfs/owner.c"
#include "../../applets/passfs/node.c"
#include "../../applets/passfs/lookup.c"
#include "../../applets/passfs/retry.c"
#include "../../applets/passfs/attr.c"
#include "../../applets/passfs/setattr.c"
#include "../../applets/passfs/stay.c"
#include "../../applets/passfs/xattr.c"
#include "../../applets/passfs/dir.c"
#include "../../applets/passfs/writeback.c"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuse/session.h"
#include "fuzz.h"

enum { SPACE = 64 * 1024, REQUESTS = 64, HANDLES = 32 };

static char space[SPACE] __attribute__((aligned(8)));
static int sink = -1;	/* notifications that the server sends to /dev/fuse */

#include "harmless.h"

/* ---- The tree ---- */

struct world { int top, tree; struct stat at_top, beside; };

static void world_open(struct world *w)
{
	int fs = (int)syscall(FSOPEN, "tmpfs", 1), fd;

	if (fs < 0 || syscall(FSCONFIG, fs, 1, "size", "4m", 0) < 0
	    || syscall(FSCONFIG, fs, 1, "nr_inodes", "200", 0) < 0
	    || syscall(FSCONFIG, fs, 6 /* CREATE */, NULL, NULL, 0) < 0)
		skip("tmpfs");
	w->top = (int)syscall(FSMOUNT, fs, 1, 2 | 4 | 8 /* NOSUID, NODEV, NOEXEC */);
	MUST(w->top >= 0);
	close(fs);
	MUST(mkdirat(w->top, "tree", 0755) == 0);
	w->tree = openat(w->top, "tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(w->top, "beside", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	MUST(write(fd, "secret", 6) == 6);
	close(fd);
	fd = openat(w->tree, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	MUST(write(fd, "some text\n", 10) == 10);
	close(fd);
	MUST(mkdirat(w->tree, "d", 0755) == 0 && linkat(w->tree, "f", w->tree, "d/g", 0) == 0);
	MUST(symlinkat("../beside", w->tree, "l") == 0 && symlinkat("/etc", w->tree, "a") == 0);
	MUST(fstat(w->top, &w->at_top) == 0 && fstatat(w->top, "beside", &w->beside, 0) == 0);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid
	       && a->st_size == b->st_size && a->st_nlink == b->st_nlink
	       && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
	       && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void world_close(struct world *w)
{
	struct stat st;

	MUST(fstat(w->top, &st) == 0 && same(&st, &w->at_top));
	MUST(fstatat(w->top, "beside", &st, 0) == 0 && same(&st, &w->beside));
	close(w->top);
}

/* ---- The file system, by the options that the input chooses ---- */

static void choose_options(struct passfs *fs, struct input *in)
{
	static const struct fuse_ops as_written = {
		.getxattr = pass_getxattr,
		.listxattr = pass_listxattr,
		.setxattr = pass_setxattr,
		.removexattr = pass_removexattr,
		.getlk = pass_getlk,
		.setlk = pass_setlk,
		.interrupt = pass_interrupt,
	};
	uint8_t a = input_byte(in), b = input_byte(in);

	fs->writeback = a & 1;
	fs->locks = a & 2;
	fs->export = a & 4;
	fs->no_symlinks_out = a & 8;
	fs->no_xattrs = a & 16;
	fs->no_passthrough = a & 32;
	fs->serve.mount.allow_other = a & 64;
	fs->limit = a & 128 ? 4 : 1000;
	fs->cache = (enum pass_cache)((b & 3) % 3);
	fs->timeout = b & 4 ? 7 : -1;
	fs->view.force_user = b & 8 ? 12 : -1;
	fs->view.force_group = b & 16 ? 13 : -1;
	fs->view.uid_offset = b & 32 ? 1000 : 0;
	fs->view.perms = b & 64 ? "u=rwX,go-w" : NULL;
	if (b & 128)
		fs->view.hidden[fs->view.hides++] = "h*";
	/* Restores what choose_features() removes for good, since a process has one file system. */
	pass_ops.getxattr = as_written.getxattr;
	pass_ops.listxattr = as_written.listxattr;
	pass_ops.setxattr = as_written.setxattr;
	pass_ops.removexattr = as_written.removexattr;
	pass_ops.getlk = as_written.getlk;
	pass_ops.setlk = as_written.setlk;
	pass_ops.interrupt = as_written.interrupt;
}

/* Every inode of the file system is below `tree`. */
static void check_inodes(const struct passfs *fs, const struct world *w)
{
	for (uint64_t node = 1; node <= inodes_most(&fs->inodes); node++) {
		const struct inode *inode = inodes_get(&fs->inodes, node);
		struct stat st;

		if (!inode)
			continue;
		MUST(fstat(inode->fd, &st) == 0 && st.st_ino == inode->ino);
		MUST(st.st_dev == w->beside.st_dev && st.st_ino != w->at_top.st_ino
		     && st.st_ino != w->beside.st_ino);
	}
}

static void forget_all(struct fuse_req *req, struct passfs *fs)
{
	for (uint64_t node = 2; node <= inodes_most(&fs->inodes); node++)
		pass_forget(req, node, UINT64_MAX);
	MUST(fs->inodes.held == 1 && backings == (inodes_get(&fs->inodes, FUSE_ROOT_ID)->backing != 0));
	MUST(fs->inodes.keep_numbers || fs->inodes.live == 1);
	sys_close(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd);
	for (unsigned int b = 0; b < INODE_BLOCKS; b++)
		if (fs->inodes.block[b].all)
			sys_free_pages(fs->inodes.block[b].all,
				       (b ? (size_t)128 << (b - 1) : 128) * sizeof(struct inode));
	sys_free_pages(fs->inodes.hash, fs->inodes.room * sizeof(*fs->inodes.hash));
	if (fs->handles) {
		sys_close(fs->handles->mount);
		sys_free_pages(fs->handles,
			       sizeof(*fs->handles) + (size_t)MOST_HANDLES * sizeof(*fs->handles->of));
	}
	backings = 0;
}

/* A waiting lock request gets its reply; a lock that is held is released. */
static void unlock_all(struct fuse_req *req)
{
	for (uint32_t i = 0; i < WAITERS; i++)
		if (locks.waiters[i].unique)
			pass_interrupt(req, locks.waiters[i].unique);
	MUST(locks.waiter_count == 0);
	while (owners.count)
		pass_unlock_owner(owners.all[0].node, owners.all[0].id);
	MUST(!retry_waiters(true));
	memset(locks.interrupted, 0, sizeof(locks.interrupted));
	locks.next = 0;
}

/* ---- Requests ---- */

static struct { uint64_t of[HANDLES]; uint32_t count; } handles;

static uint64_t *handle_at(const struct record *r, size_t offset)
{
	offset += sizeof(struct fuse_in_header);
	return r->size >= offset + sizeof(uint64_t) ? (uint64_t *)(void *)(r->bytes + offset) : NULL;
}

/* Selects, by the input, one of the handles that were given out, or one of no open file. */
static void use_handle(uint64_t *handle, bool gives_back)
{
	uint32_t which;

	if (!handle || pass_handle_fd(*handle) == NOT_OPEN)
		return;
	if (!handles.count) {
		*handle = UINT64_MAX;
		return;
	}
	which = (uint32_t)(*handle % handles.count);
	*handle = handles.of[which];
	if (gives_back)
		handles.of[which] = handles.of[--handles.count];
}

static bool is_file(const struct passfs *fs, uint64_t node)
{
	const struct inode *inode = inodes_get(&fs->inodes, node);
	struct stat st;

	return !inode || (fstat(inode->fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)));
}

/* Changes the request to one that the kernel could send, in the parts form too. Returns false if
   it cannot. */
static bool make_sane(struct record *r, const struct passfs *fs)
{
	struct fuse_in_header *in = (void *)r->bytes;
	size_t given = r->size - sizeof(*in);

	if (r->size < sizeof(*in))
		return true;
	in->unique += !in->unique;	/* the kernel uses no unique of 0 */
	switch (in->opcode) {
	case FUSE_INTERRUPT:
		return given >= sizeof(uint64_t) && *handle_at(r, 0)
		       && (!r->parts || r->arg_size >= sizeof(uint64_t));
	case FUSE_RELEASE: case FUSE_RELEASEDIR:
		/* Decoding a RELEASE removes the handle from the table. */
		if (given < sizeof(struct fuse_release_in) || in->len != r->size || in->total_extlen
		    || (r->parts && r->arg_size < sizeof(struct fuse_release_in)))
			return false;
		use_handle(handle_at(r, 0), true);
		return true;
	case FUSE_READ: case FUSE_WRITE: case FUSE_FLUSH: case FUSE_FSYNC: case FUSE_FSYNCDIR:
	case FUSE_READDIR: case FUSE_READDIRPLUS: case FUSE_LSEEK: case FUSE_FALLOCATE: case FUSE_IOCTL:
	case FUSE_GETLK: case FUSE_SETLK: case FUSE_SETLKW:
		if (r->parts && r->arg_size < sizeof(uint64_t))
			return false;	/* the handle would be 0, which belongs to another file */
		use_handle(handle_at(r, 0), false);
		return is_file(fs, in->nodeid);
	case FUSE_SETATTR:
		if (r->parts && r->arg_size < 2 * sizeof(uint64_t))
			return false;
		use_handle(handle_at(r, offsetof(struct fuse_setattr_in, fh)), false);
		return true;
	case FUSE_COPY_FILE_RANGE: case FUSE_COPY_FILE_RANGE_64:
		if (given < sizeof(struct fuse_copy_file_range_in)
		    || (r->parts && r->arg_size < sizeof(struct fuse_copy_file_range_in)))
			return false;
		use_handle(handle_at(r, offsetof(struct fuse_copy_file_range_in, fh_in)), false);
		use_handle(handle_at(r, offsetof(struct fuse_copy_file_range_in, fh_out)), false);
		return is_file(fs, in->nodeid)
		       && is_file(fs, *handle_at(r, offsetof(struct fuse_copy_file_range_in, nodeid_out)));
	case FUSE_OPEN: case FUSE_OPENDIR:
		return handles.count < HANDLES && is_file(fs, in->nodeid);
	case FUSE_CREATE: case FUSE_TMPFILE:
		return handles.count < HANDLES;
	case FUSE_MKNOD:
		/* Opening a FIFO would wait for its other end. */
		if (given >= sizeof(struct fuse_mknod_in)
		    && S_ISFIFO(((struct fuse_mknod_in *)(void *)(in + 1))->mode))
			((struct fuse_mknod_in *)(void *)(in + 1))->mode ^= S_IFIFO ^ S_IFSOCK;
		return true;
	default:
		return true;
	}
}

static void keep_handle(const struct fuse_req *req, uint32_t opcode)
{
	const struct fuse_open_out *open = NULL;

	if (req->reply.header.error)
		return;
	if (opcode == FUSE_OPEN || opcode == FUSE_OPENDIR)
		open = &req->reply.body.open;
	else if (opcode == FUSE_CREATE || opcode == FUSE_TMPFILE)
		open = &req->reply.body.entry.open;
	if (!open)
		return;
	MUST(!(open->open_flags & FOPEN_PASSTHROUGH) == !open->backing_id);
	if (pass_handle_fd(open->fh) != NOT_OPEN) {
		MUST(fcntl(pass_handle_fd(open->fh), F_GETFD) >= 0);
		handles.of[handles.count++] = open->fh;
	}
}

static void run(struct input *in, struct fuse_session *session)
{
	struct passfs *fs = session->fs;
	struct fuse_req req = { .session = session, .device = sink };
	struct record r;

	for (int i = 0; i < REQUESTS && session->phase != FUSE_ENDED && record_next(in, &r); i++) {
		if (make_sane(&r, fs) && record_dispatch(&r, &req, space, sizeof(space)))
			keep_handle(&req, ((struct fuse_in_header *)(void *)r.bytes)->opcode);
		MUST(priv_acts() == (setfsuid((uid_t)-1) != 0));
		if (i & 1)
			pass_begin(NULL);
		MUST(priv_acts() || (setfsuid((uid_t)-1) == 0 && setfsgid((gid_t)-1) == 0));
		free(r.bytes);
	}
	unlock_all(&req);
	while (handles.count)
		close(pass_handle_fd(handles.of[--handles.count]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct passfs fs = { .inodes = { .live = 0 } };
	struct fuse_session session = {
		.ops = &pass_ops, .fs = &fs, .device = sink, .phase = FUSE_SERVING
	};
	struct fuse_req req = { .session = &session, .device = sink };
	uint8_t how = input_byte(&in);
	unsigned int before = fuzz_descriptors();
	uint32_t limit;
	char path[32];
	struct world w;

	world_open(&w);
	choose_options(&fs, &in);
	limit = fs.limit;
	MUST(settle(&fs, &session) == NULL);
	if (pass_prepare(&fs, sys_fd_path(path, w.tree)) != 0)
		skip("pass_prepare");
	fs.limit = limit;
	fs.stable_since = 0;	/* otherwise a directory's handle is a pointer, which no file's
				   handle may replace */
	session.minor = how & 1 ? 45 : 40;
	session.flags = how & 2 ? pass_ops.want : 0;
	session.flags |= how & 4 ? FUSE_SETXATTR_EXT : 0;
	session.own_device = how & 8 ? 1 : 0;
	run(&in, &session);
	check_inodes(&fs, &w);
	forget_all(&req, &fs);
	vfs_umask(022);
	close(w.tree);
	world_close(&w);
	MUST(fuzz_descriptors() == before);
	return 0;
}
