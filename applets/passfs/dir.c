/* SPDX-License-Identifier: MIT */
/* dir: open directories and their entries. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "passfs.h"
#include "sys.h"

enum { SMALL_LIST = 1024, LIST = 16 * 1024 };

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* In ramfs, and in tmpfs before Linux 6.6, the offset of an entry is the number of entries before
   it. It changes when one of those is removed, as rm -r does while it reads, and only a reader that
   never seeks misses no entry. So there the handle keeps the last buffer that getdents64(2) filled,
   for entries that did not fit into the reply or that the kernel has not used. */
struct pass_list { int fd, size; uint32_t uid; int64_t start, end; char entries[LIST]; };

static bool has_unstable_offsets(const struct fuse_req *req)
{
	return !journal_is_on() && fuse_session_minor(req->session) < pass_of(req)->stable_since;
}

int pass_list_fd(const struct fuse_req *req, uint64_t handle)
{
	return has_unstable_offsets(req) ? ((struct pass_list *)(uintptr_t)handle)->fd : pass_handle_fd(handle);
}

/* Makes the handle of an open directory, which takes over fd; 0 without memory, when fd stays
   open. */
static uint64_t make_list_handle(const struct fuse_req *req, int fd)
{
	struct pass_list *list;

	if (!has_unstable_offsets(req))
		return pass_handle(req->in->uid, 0, fd);
	list = sys_pages(sizeof(*list));
	if (list) {
		list->fd = fd;
		list->uid = req->in->uid;
	}
	return (uintptr_t)list;
}

/* The node's descriptor, if the caller may read the directory: the kernel checks that by attributes that may be as
   old as the timeout. */
static int check_list(const struct fuse_req *req, uint64_t node)
{
	int fd = pass_fd(req, node), err = 0;

	if (fd >= 0 && pass_of(req)->has_long_timeout)
		err = pass_check_now(req, node, fd, 4);
	return err ? err : fd;
}

static int open_list(struct fuse_req *req, uint64_t node)
{
	int fd = vfs_reopen(check_list(req, node), O_RDONLY | O_DIRECTORY);
	uint64_t handle = fd < 0 ? 0 : make_list_handle(req, fd);
	int err = !handle ? -ENOMEM : journal_note(req, node, &handle, JOURNAL_DIR);

	if (fd >= 0 && err)
		sys_close(fd);
	if (err)
		return fd < 0 ? fd : err;
	return fuse_opened(req, handle, pass_of(req)->cache == CACHE_ALWAYS ? FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE : 0);
}

int pass_opendir(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int err = pass_hold(req->in->uid);

	(void)flags;
	if (err)
		return err;
	err = open_list(req, node);
	if (err)
		pass_release_hold(req->in->uid);
	return err;
}

int pass_releasedir(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in)
{
	struct pass_list *list = has_unstable_offsets(req) ? (void *)(uintptr_t)in->fh : NULL;
	int fd = pass_list_fd(req, in->fh);

	(void)node;
	if (!journal_release(req, in->fh))
		return 0;
	pass_release_hold(list ? list->uid : (uint32_t)(in->fh >> 32));
	if (list)
		sys_free_pages(list, sizeof(*list));
	return sys_close(fd);
}

/* READDIRPLUS adds 1 to the lookup count of each entry; take that back if the reply has no room for
   the entry. An entry whose lookup fails is listed without attributes. */
static bool add_entry(struct fuse_req *req, uint64_t parent, uint64_t ino, const struct entry *e)
{
	uint64_t node = 0;
	struct vfs_stat st;

	if (pass_of(req)->view.hides && passview_hides(&pass_of(req)->view, e->name))
		return true;
	if (req->in->opcode != FUSE_READDIRPLUS || fuse_is_dots(e->name) || pass_is_short(pass_of(req))
	    || pass_find(req, parent, e->name, &node, &st) < 0)
		return fuse_dirent_as(req, 0, NULL, ino, e->type, e->name, (uint64_t)e->next);
	if (fuse_dirent_as(req, node, &st.attr, ino, e->type, e->name, (uint64_t)e->next))
		return true;
	pass_forget(req, node, 1);
	return false;
}

/* False: the reply is full. */
static bool add_entries(struct fuse_req *req, uint64_t parent, const char *list, int size)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *dir = inodes_get(&fs->inodes, parent);

	for (int i = 0; i < size; ) {
		const struct entry *e = (const void *)(list + i);

		if (!add_entry(req, parent, pass_ino(fs, dir ? dir->device : 0, e->ino), e))
			return false;
		i += e->size;
	}
	return true;
}

/* How many bytes of the kept buffer precede the entry at this offset; all of them if
   getdents64(2) continues there. -1 if the offset is not in the buffer, or is 0, which reads
   the directory anew. */
static int find_kept_entry(const struct pass_list *list, int64_t offset)
{
	int64_t at = list->start;
	int i = 0;

	while (i < list->size && at != offset) {
		const struct entry *e = (const void *)(list->entries + i);

		at = e->next;
		i += e->size;
	}
	return at == offset && offset ? i : -1;
}

static int read_unstable_list(struct fuse_req *req, uint64_t node, struct pass_list *list, int64_t offset, uint32_t room)
{
	int before = find_kept_entry(list, offset), n;

	if (before < 0) {
		int64_t at = vfs_lseek(list->fd, offset, SEEK_SET);

		if (at < 0)
			return (int)at;
		list->end = at;
		before = list->size = 0;
	}
	for (;;) {
		if (!add_entries(req, node, list->entries + before, list->size - before) || req->reply.data_size)
			return 0;
		n = sys_getdents(list->fd, list->entries, room);
		list->size = n < 0 ? 0 : n;
		list->start = list->end;
		before = 0;
		if (n <= 0)
			return n;
		for (int i = 0; i < n; ) {
			const struct entry *e = (const void *)(list->entries + i);

			list->end = e->next;
			i += e->size;
		}
	}
}

int pass_readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	/* Read entries into the end of the reply's buffer, and not many more than the reply will
	   hold: an entry with attributes is about five times as large. */
	uint32_t room = req->wanted / (req->in->opcode == FUSE_READDIRPLUS ? 5 : 1);
	char *list = req->space + req->space_size - LIST;
	uint64_t handle = ((const struct fuse_read_in *)req->arg)->fh;
	int n, fd;
	int64_t at;

	room = room < SMALL_LIST ? SMALL_LIST : room > LIST ? LIST : room;
	if (req->wanted > req->space_size - LIST)
		req->wanted = req->space_size - LIST;
	if (has_unstable_offsets(req))
		return read_unstable_list(req, node, (void *)(uintptr_t)handle, (int64_t)offset, room);
	fd = journal_check(handle) ? -EIO : pass_handle_fd(handle);
	at = vfs_lseek(fd, (int64_t)offset, SEEK_SET);
	if (at < 0)
		return (int)at;
	do
		n = sys_getdents(fd, list, room);
	while (n > 0 && add_entries(req, node, list, n));
	return n < 0 && !req->reply.data_size ? n : 0;	/* the kernel owns the lookup counts of these entries */
}

int pass_fsyncdir(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in)
{
	(void)node;
	return vfs_fsync(pass_list_fd(req, in->fh), in->fsync_flags & FUSE_FSYNC_FDATASYNC);
}
