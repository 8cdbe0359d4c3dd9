/* SPDX-License-Identifier: MIT */
/* open: opening, creating and closing files. See passfs.h.
 *
 * A privileged server uses FUSE passthrough: the reply to an open names a backing id, the kernel
 * reads and writes the file in SOURCE by itself, and the server keeps no descriptor open. See
 * Documentation/filesystems/fuse/fuse-passthrough.rst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"

static int32_t open_backing(const struct fuse_req *req, uint64_t node, const struct inode *inode, const struct vfs_stat *known)
{
	int32_t id;

	pass_act_as_writer(req, node, pass_backing_uid(req, node, known), true);
	id = vfs_backing_open(fuse_device(req), inode->fd);
	pass_act_ends(req);
	return id;
}

/* While a file is open through the page cache, the kernel refuses to open it by a backing id (EIO):
   a node that once got no backing id never gets one. */
enum { NO_BACKING = -1 };

/* The node's backing id, which is registered once and valid while the kernel knows the node; 0: no
   passthrough. The kernel writes with the credentials of the registration, so register without
   CAP_FSETID: each write then clears set-id bits. */
static int32_t get_backing(const struct fuse_req *req, uint64_t node, struct inode *inode, const struct vfs_stat *known)
{
	struct passfs *fs = pass_of(req);
	int32_t id = __atomic_load_n(&inode->backing, __ATOMIC_ACQUIRE), got, none = 0;

	if (id || !fs->passthrough || fs->locks || !(fuse_agreed(req) & FUSE_PASSTHROUGH))
		return id < 0 ? 0 : id;
	got = open_backing(req, node, inode, known);
	if (got == -EPERM || got == -ENOTTY)
		fs->passthrough = false;
	if (got > 0)
		journal_note_backing(got);
	id = got > 0 ? got : NO_BACKING;
	if (!__atomic_compare_exchange_n(&inode->backing, &none, id, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (got > 0)
			vfs_backing_close(fuse_device(req), got);
		id = none;
	}
	return id < 0 ? 0 : id;
}

/* ---- Opening ---- */

/* The flags for open(2) in SOURCE. Without O_DIRECT: the server's buffers are not aligned. Without
   O_APPEND: each WRITE says whether it appends, since fcntl(2) may change that, and dirty pages of
   a mapping never append. The writeback cache reads pages that it writes in part, so O_WRONLY
   becomes O_RDWR. */
static int get_source_flags(const struct passfs *fs, uint32_t flags)
{
	int f = (int)flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_DIRECT | O_APPEND);

	return fs->writeback && (f & O_ACCMODE) == O_WRONLY ? (f & ~O_ACCMODE) | O_RDWR : f;
}

/* An append-only file can only be opened with O_APPEND (EPERM), and a file that the server may not
   read only with O_WRONLY (EACCES). */
static int reopen_source(const struct passfs *fs, int held, uint32_t flags)
{
	int fd = vfs_reopen(held, get_source_flags(fs, flags));

	if (fd == -EPERM && flags & O_APPEND)
		fd = vfs_reopen(held, get_source_flags(fs, flags) | O_APPEND);
	else if (fd == -EACCES && fs->writeback)
		fd = vfs_reopen(held, (get_source_flags(fs, flags) & ~O_ACCMODE) | (int)(flags & O_ACCMODE));
	return fd;
}

/* FOPEN_NOFLUSH makes close(2) skip FLUSH and the kernel's own write-back, whose error is then
   lost. Without a backing id only an O_RDWR descriptor can dirty pages, through a shared
   mapping. */
static bool has_no_dirty_pages(uint32_t flags, int32_t backing)
{
	return backing || (flags & O_ACCMODE) != O_RDWR;
}

/* Whether close(2) may skip FLUSH: it drops no POSIX lock, and either the descriptor is read-only,
   or neither the page cache nor SOURCE's file system writes anything at close(2). */
static bool can_skip_flush(const struct passfs *fs, const struct inode *inode, uint32_t flags, int32_t backing)
{
	return !fs->locks && !fs->writeback
	       && ((flags & O_ACCMODE) == O_RDONLY
		   || (fs->quiet_close && inode->device == fs->device && has_no_dirty_pages(flags, backing)));
}

/* Whether the page cache is still valid: SOURCE's ctime, which every write updates, is that of the
   last open, and old enough that no later write can have the same timestamp. */
static bool is_unchanged(struct inode *inode, const struct fuse_attr *attr)
{
	uint64_t change = attr->ctime << 30 | attr->ctimensec;

	return attr->ctime + 1 < sys_today()
	       && __atomic_exchange_n(&inode->change, change, __ATOMIC_RELAXED) == change;
}

/* How a writer uses the page cache. A writer that rewrites the file without reading it bypasses the
   cache: the write changes SOURCE's ctime, so that the next open would drop the pages anyway. But a
   store through a mapping and a direct write to the same page could overwrite each other: all
   concurrent writers use the mode of the first one. A file that is being rewritten can still be
   mapped, since no process has stored data in it yet that could be lost. Before Linux 6.18 stale
   pages could survive a direct write. */
enum { WRITE_DIRECT = -1, WRITE_CACHED = 1 };

static bool is_rewrite(uint32_t flags)
{
	return (flags & O_ACCMODE) == O_WRONLY && flags & (O_CREAT | O_TRUNC);
}

static int writer_mode(const struct fuse_req *req, struct inode *inode, uint32_t flags)
{
	enum { OF_6_18 = 45 };
	const struct passfs *fs = pass_of(req);
	int32_t writers = __atomic_load_n(&inode->writers, __ATOMIC_RELAXED), mode;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return 0;
	if (!fs->writeback && (fs->cache != CACHE_AUTO || fuse_session_minor(req->session) < OF_6_18))
		return 0;
	do
		mode = writers ? writers > 0 ? WRITE_CACHED : WRITE_DIRECT
			      : is_rewrite(flags) && !fs->writeback ? WRITE_DIRECT : WRITE_CACHED;
	while (!__atomic_compare_exchange_n(&inode->writers, &writers, writers + mode, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED));
	return mode;
}

static void remove_writer(const struct fuse_req *req, uint64_t node, uint64_t handle)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	int32_t mode = pass_handle_mode(handle);

	if (!inode || !mode)
		return;
	__atomic_sub_fetch(&inode->writers, mode, __ATOMIC_ACQ_REL);
	/* A WRITE may move SOURCE's mtime by less than a tick of the kernel's clock: do not take
	   that for a change. */
	pass_note_mtime(req, node);
}

/* Whether this open keeps the page cache. With --writeback the cache may hold dirty pages while
   another descriptor writes. Without another writer, a change in SOURCE makes the kernel drop it,
   before a caller reads stale pages or the kernel writes them back around a small write. */
static bool can_keep_cache(const struct passfs *fs, struct inode *inode, int fd, int mode)
{
	struct vfs_stat st;

	if (fs->cache == CACHE_ALWAYS && !inode->has_lost)
		return true;
	if (fs->writeback && __atomic_load_n(&inode->writers, __ATOMIC_ACQUIRE) > mode)
		return true;
	return !inode->has_lost && vfs_stat(fd, true, &st) == 0 && is_unchanged(inode, &st.attr);
}

static uint32_t get_fopen_flags(const struct fuse_req *req, struct inode *inode, uint32_t flags, int fd, int mode)
{
	const struct passfs *fs = pass_of(req);
	uint32_t answer = can_skip_flush(fs, inode, flags, 0) ? FOPEN_NOFLUSH : 0;
	struct vfs_stat st;

	if (fs->cache == CACHE_NONE)
		return answer | FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
	if (mode == WRITE_DIRECT || inode->retired)
		return answer | FOPEN_DIRECT_IO;
	/* SOURCE would append each page that is written back. */
	if (fs->writeback && flags & O_APPEND && vfs_stat(fd, true, &st) == 0 && st.append_only)
		return answer | FOPEN_DIRECT_IO;
	return can_keep_cache(fs, inode, fd, mode) ? answer | FOPEN_KEEP_CACHE : answer;
}

/* The kernel does not report why it cannot write a backing file: open it once here for the error,
   and for O_TRUNC. */
static int check_writable(const struct inode *inode, uint32_t flags)
{
	int fd;

	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC))
		return 0;
	/* O_TRUNC updates mtime even if the file is empty; truncate(2) does not. */
	fd = vfs_reopen(inode->fd, (int)flags & (O_ACCMODE | O_APPEND | O_TRUNC));
	return fd < 0 ? fd : sys_close(fd);
}

/* Counts an O_RDWR descriptor, the only kind that can store through a shared mapping. The first one
   invalidates the times that the kernel has cached; while one is open, replies let the kernel cache
   none. */
static int add_backed_writer(struct fuse_req *req, uint64_t node, struct inode *inode, uint32_t flags)
{
	if ((flags & O_ACCMODE) != O_RDWR)
		return 0;
	if (__atomic_fetch_add(&inode->writers, WRITE_CACHED, __ATOMIC_ACQ_REL) == 0)
		pass_drop_attributes(req, node);
	return WRITE_CACHED;
}

static int reply_opened(struct fuse_req *req, uint64_t node, struct inode *inode, uint32_t flags, int fd, int32_t backing)
{
	int mode = backing ? add_backed_writer(req, node, inode, flags) : writer_mode(req, inode, flags);
	uint64_t handle = pass_handle(req->in->uid, mode, fd < 0 ? NOT_OPEN : fd);
	int err = journal_note(req, node, &handle, JOURNAL_FILE);

	if (err) {
		remove_writer(req, node, handle);
		if (fd >= 0)
			sys_close(fd);
		return err;
	}
	if (!backing)
		return fuse_opened(req, handle, get_fopen_flags(req, inode, flags, fd, mode));
	return fuse_opened_backed(req, handle, backing, can_skip_flush(pass_of(req), inode, flags, backing) ? FOPEN_NOFLUSH : 0);
}

static int release_hold_on_error(const struct fuse_req *req, int err)
{
	if (err)
		pass_release_hold(req->in->uid);
	return err;
}

/* The kernel checks the caller by attributes that may be as old as the timeout. */
static int check_open(const struct fuse_req *req, uint64_t node, uint32_t flags)
{
	enum { EXEC = 0x20, READ = 4, WRITE = 2, RUN = 1 };
	static const uint8_t wanted[] = { READ, WRITE, READ | WRITE, READ | WRITE };
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	int fd = pass_fd(req, node), err = fd < 0 ? fd : 0;

	if (!err && pass_of(req)->has_long_timeout)
		err = pass_check_now(req, node, fd, flags & EXEC ? RUN : wanted[flags & O_ACCMODE]);
	return err || !writes ? err : pass_open_to_write(req, fd);
}

static int open_file(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	struct passfs *fs = pass_of(req);
	struct inode *inode = inodes_get(&fs->inodes, node);
	int32_t backing = inode ? get_backing(req, node, inode, NULL) : 0;
	int fd = inode ? -1 : -ESTALE;

	if (!inode)
		return fd;
	fd = check_open(req, node, flags);
	if (fd < 0)
		return fd;
	if (flags & O_TRUNC)
		priv_keep_setid(!(((const struct fuse_open_in *)req->arg)->open_flags & FUSE_OPEN_KILL_SUIDGID));
	if (backing) {
		int err = check_writable(inode, flags);

		return err ? err : reply_opened(req, node, inode, flags, -1, backing);
	}
	fd = reopen_source(fs, inode->fd, flags);
	if (fd >= 0 && flags & O_TRUNC)
		pass_note_size(req, node, 0);
	return fd < 0 ? fd : reply_opened(req, node, inode, flags, fd, 0);
}

static int open_current(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int err = pass_open_current(req, node);

	if (err)
		return err;
	err = open_file(req, node, flags);
	if (err)
		pass_close_current(req, node);
	return err;
}

/* Each open file counts in its caller's holds until RELEASE. */
int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int err = pass_hold(req->in->uid);

	if (err)
		return err;
	do
		err = open_current(req, node, flags);
	while (err == -EMFILE && pass_wait_for_room(req->session));
	return release_hold_on_error(req, err);
}

/* The reply for a new file that fd holds. closed: the kernel may read and write it by a backing id
   alone, so close fd. The node is that of fd even if the name now leads to another file. */
static int reply_created(struct fuse_req *req, uint64_t parent, const char *name, uint32_t flags, int fd, bool closed)
{
	struct vfs_stat st;
	char path[32];
	uint64_t node;
	struct inode *inode;
	int32_t backing;
	int err = pass_make_node(req, parent, sys_open(sys_fd_path(path, fd), O_PATH, 0), &node, &st);

	if (closed || err)
		sys_close(fd);
	if (err)
		return err;
	pass_name_told(req, parent, name, st.owner);
	inode = inodes_get(&pass_of(req)->inodes, node);
	backing = get_backing(req, node, inode, &st);
	if (closed && !backing)
		priv_act_as_self();	/* the caller may have made a file that only root may open again */
	if (closed)
		fd = backing ? -1 : reopen_source(pass_of(req), inode->fd, flags);
	if (fd < 0 && !backing) {
		pass_forget(req, node, 1);
		return fd;
	}
	req->brief |= backing && (flags & O_ACCMODE) == O_RDWR;
	fuse_entry_as(req, node, &st.attr);
	if (pass_of(req)->writeback)
		inodes_open(&pass_of(req)->inodes, node);
	pass_note_size(req, node, 0);
	err = reply_opened(req, node, inode, flags, fd, backing);
	if (err) {
		pass_close_current(req, node);
		pass_forget(req, node, 1);
	}
	return err;
}

static int create_file(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	const struct passfs *fs = pass_of(req);
	bool closed = fs->passthrough && !fs->locks && fuse_agreed(req) & FUSE_PASSTHROUGH;
	int fd = pass_create_new(req, parent, name, in, closed ? O_RDONLY : get_source_flags(fs, in->flags));

	return fd < 0 ? fd : reply_created(req, parent, name, in->flags, fd, closed);
}

/* The file has no name until linkat(2) gives it one. */
static int create_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in)
{
	int fd = pass_tmpfile_new(req, parent, in, get_source_flags(pass_of(req), in->flags));

	return fd < 0 ? fd : reply_created(req, 0, ".", in->flags, fd, false);
}

int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	int err = pass_hold(req->in->uid);

	return err ? err : release_hold_on_error(req, create_file(req, parent, name, in));
}

int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in)
{
	int err = pass_hold(req->in->uid);

	return err ? err : release_hold_on_error(req, create_tmpfile(req, parent, in));
}

int pass_flush(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in)
{
	struct pass_file file;

	if (pass_of(req)->locks)
		pass_unlock_owner(node, in->lock_owner);
	/* close(2) of any descriptor makes a network file system write its dirty data. */
	if (pass_handle_fd(in->fh) == NOT_OPEN) {
		file = pass_use(req, node, in->fh, O_WRONLY | O_APPEND);	/* O_APPEND: append-only files need it */
		return pass_done(file, 0);
	}
	file.fd = vfs_dup(pass_handle_fd(in->fh));
	return file.fd < 0 ? file.fd : sys_close(file.fd);
}

void pass_close_handle(struct fuse_req *req, uint64_t node, uint64_t handle)
{
	struct passfs *fs = pass_of(req);

	pass_release_hold((uint32_t)(handle >> 32));
	remove_writer(req, node, handle);
	if (pass_handle_fd(handle) == NOT_OPEN)
		return;
	pass_close_current(req, node);
	if (fs->locks)
		pass_unlock_handle(node, handle);	/* before another open file gets the same descriptor number */
	sys_close(pass_handle_fd(handle));
	if (fs->locks)
		pass_retry_locks();	/* close(2) has dropped the flock(2) lock */
}

int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in)
{
	if (journal_release(req, in->fh))
		pass_close_handle(req, node, in->fh);
	else if (pass_of(req)->locks)
		pass_unlock_handle(node, in->fh);
	return 0;
}
