/* passfs: what is done with open files.
 *
 * Where the server is privileged, the kernel reads and writes the file in SOURCE by itself
 * (FUSE passthrough): an open names its backing id, and nothing is opened here at all.
 * Documentation/filesystems/fuse/fuse-passthrough.rst.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"

struct pass_file pass_use(const struct fuse_req *req, uint64_t node, uint64_t handle, int flags)
{
	int fd;

	if (pass_handle_fd(handle) != NOT_OPEN)
		return (struct pass_file) { pass_handle_fd(handle), false };
	fd = pass_fd(req, node);
	return (struct pass_file) { fd < 0 ? fd : sysfs_reopen(fd, flags), true };
}

int pass_done(struct pass_file file, int err)
{
	if (file.fd < 0)
		return file.fd;
	if (file.borrowed)
		sys_close(file.fd);
	return err;
}

/* Set-id bits go with a write, as they would under the caller's own rights. In effect the
   capability that keeps them is root's alone. */
static void as_writer(bool kills)
{
	priv_keep_setid(!kills);
}

/* Of the file systems that reserve blocks for root, by fsuid or CAP_SYS_RESOURCE, none has its
   files elsewhere. To others, fsuid 0 may mean the right to write at all. */
static bool has_reserve(const struct passfs *fs, const struct inode *inode)
{
	return fs->quiet_close && inode->device == fs->device;
}

/* In whose name the kernel writes what it has collected from several callers, or by a backing
   id, which all have in common: the owner's, and root's only where no other user can write. */
static uid_t backing_user(const struct fuse_req *req, uint64_t node)
{
	enum { NOBODY = 65534, WRITABLE = 022 };
	struct sysfs_stat st;

	if (sysfs_stat(pass_fd(req, node), true, &st) < 0)
		return NOBODY;
	return st.attr.uid ? st.attr.uid : st.attr.mode & WRITABLE ? NOBODY : 0;
}

/* Writes as this user of SOURCE, who gets no more of the disk than without the mount;
   priv_act_as_self() ends that. */
static void write_for(const struct fuse_req *req, uint64_t node, uint32_t uid, bool kills)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *inode = inodes_get(&fs->inodes, node);

	priv_write_for(inode && has_reserve(fs, inode) ? uid : 0, uid == 0, !kills);
}

static uid_t caller_of(const struct fuse_req *req)
{
	return passview_source(&pass_of(req)->view, req->in->uid, false);
}

static int32_t open_backing(const struct fuse_req *req, uint64_t node, const struct inode *inode)
{
	int32_t id;

	write_for(req, node, backing_user(req, node), true);
	id = sysfs_backing_open(fuse_device(req), inode->fd);
	priv_act_as_self();
	return id;
}

/* While a file is open by the page cache, the kernel refuses to open it by a backing id (EIO): a node
   that could not get one once never does. */
enum { NO_BACKING = -1 };

/* The id by which the kernel knows the file in SOURCE, for as long as it knows the node;
   0: none. It writes with the rights of this moment: set-id bits go, whoever writes. */
static int32_t backing_of(const struct fuse_req *req, uint64_t node, struct inode *inode)
{
	struct passfs *fs = pass_of(req);
	int32_t id = __atomic_load_n(&inode->backing, __ATOMIC_ACQUIRE), got, none = 0;

	if (id || !fs->passthrough || fs->locks || !(fuse_agreed(req) & FUSE_PASSTHROUGH))
		return id < 0 ? 0 : id;
	got = open_backing(req, node, inode);
	if (got == -EPERM || got == -ENOTTY)
		fs->passthrough = false;
	id = got > 0 ? got : NO_BACKING;
	if (!__atomic_compare_exchange_n(&inode->backing, &none, id, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (got > 0)
			sysfs_backing_close(fuse_device(req), got);
		id = none;
	}
	return id < 0 ? 0 : id;
}

/* ---- Opening ---- */

/* What the caller's flags mean to us. Direct or not is between him and the kernel: our
   buffers are not aligned. Each write tells whether it appends: fcntl(2) may have changed
   that, and what was mapped never does. Where the kernel collects writes it also reads. */
static int our_flags(const struct passfs *fs, uint32_t flags)
{
	int f = (int)flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_DIRECT | O_APPEND);

	return fs->writeback && (f & O_ACCMODE) == O_WRONLY ? (f & ~O_ACCMODE) | O_RDWR : f;
}

/* Where that is not allowed: a file that only ever grows, or that he may not read. */
static int reopen(const struct passfs *fs, int held, uint32_t flags)
{
	int fd = sysfs_reopen(held, our_flags(fs, flags));

	if (fd == -EPERM && flags & O_APPEND)
		fd = sysfs_reopen(held, our_flags(fs, flags) | O_APPEND);
	else if (fd == -EACCES && fs->writeback)
		fd = sysfs_reopen(held, (our_flags(fs, flags) & ~O_ACCMODE) | (int)(flags & O_ACCMODE));
	return fd;
}

/* FOPEN_NOFLUSH makes close(2) skip FLUSH and the kernel's own write-back, whose error then nobody
   gets. Without a backing id only O_RDWR stores through a mapping. */
static bool has_no_dirty_pages(uint32_t flags, int32_t backing)
{
	return backing || (flags & O_ACCMODE) != O_RDWR;
}

/* Whether close(2) may skip FLUSH: no POSIX lock has to be dropped, and either the descriptor is
   read-only, or neither the page cache nor SOURCE's file system has anything to write then. */
static bool close_is_quiet(const struct passfs *fs, const struct inode *inode, uint32_t flags, int32_t backing)
{
	return !fs->locks && !fs->writeback
	       && ((flags & O_ACCMODE) == O_RDONLY
		   || (fs->quiet_close && inode->device == fs->device && has_no_dirty_pages(flags, backing)));
}

/* Whether what the kernel has cached of it is still good: its last change, which any
   writing moves, is the one of the last open, and too long ago for the clock to hide
   another one. */
static bool unchanged(struct inode *inode, const struct fuse_attr *attr)
{
	uint64_t change = attr->ctime << 30 | attr->ctimensec;

	return attr->ctime + 1 < sys_today()
	       && __atomic_exchange_n(&inode->change, change, __ATOMIC_RELAXED) == change;
}

/* Who writes a file anew, and does not read it, writes past the kernel's cache: the next open
   would drop it from there, since the file has changed. But what is stored through a mapping
   must not meet a write past the cache in one page, where either could be lost: all who have
   it open for writing go the way of the first of them. A file that is still being written
   anew can be mapped, since nobody has a word in it yet that he could lose. Before Linux 6.18
   the cache could keep what was there before. */
enum { PAST_CACHE = -1, BY_CACHE = 1 };

static bool writes_anew(uint32_t flags)
{
	return (flags & O_ACCMODE) == O_WRONLY && flags & (O_CREAT | O_TRUNC);
}

static int way_of_writer(const struct fuse_req *req, struct inode *inode, uint32_t flags)
{
	enum { OF_6_18 = 45 };
	const struct passfs *fs = pass_of(req);
	int32_t writers = __atomic_load_n(&inode->writers, __ATOMIC_RELAXED), way;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return 0;
	if (!fs->writeback && (fs->cache != CACHE_AUTO || fuse_session_minor(req->session) < OF_6_18))
		return 0;
	do
		way = writers ? writers > 0 ? BY_CACHE : PAST_CACHE
			      : writes_anew(flags) && !fs->writeback ? PAST_CACHE : BY_CACHE;
	while (!__atomic_compare_exchange_n(&inode->writers, &writers, writers + way, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED));
	return way;
}

static void writer_leaves(const struct fuse_req *req, uint64_t node, uint64_t handle)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	int32_t way = (int32_t)(handle >> 30 & 3) - 1;

	if (!inode || !way)
		return;
	__atomic_sub_fetch(&inode->writers, way, __ATOMIC_ACQ_REL);
	/* A WRITE may have moved SOURCE's mtime by less than the kernel's clock can tell. */
	pass_note_mtime(req, node);
}

/* Whether the page cache stays as it is at this open. With --writeback it may hold dirty pages while
   another descriptor writes; without one, a change in SOURCE makes the kernel read the file again,
   before its stale pages are read, or written back around a small write. */
static bool keeps_cache(const struct passfs *fs, struct inode *inode, int fd, int way)
{
	struct sysfs_stat st;

	if (fs->cache == CACHE_ALWAYS && !inode->has_lost)
		return true;
	if (fs->writeback && __atomic_load_n(&inode->writers, __ATOMIC_ACQUIRE) > way)
		return true;
	return !inode->has_lost && sysfs_stat(fd, true, &st) == 0 && unchanged(inode, &st.attr);
}

static uint32_t open_flags(const struct fuse_req *req, struct inode *inode, uint32_t flags, int fd, int way)
{
	const struct passfs *fs = pass_of(req);
	uint32_t answer = close_is_quiet(fs, inode, flags, 0) ? FOPEN_NOFLUSH : 0;
	struct sysfs_stat st;

	if (fs->cache == CACHE_NONE)
		return answer | FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES;
	if (way == PAST_CACHE || inode->retired)
		return answer | FOPEN_DIRECT_IO;
	/* What such a file has in the cache would be appended once more. */
	if (fs->writeback && flags & O_APPEND && sysfs_stat(fd, true, &st) == 0 && st.append_only)
		return answer | FOPEN_DIRECT_IO;
	return keeps_cache(fs, inode, fd, way) ? answer | FOPEN_KEEP_CACHE : answer;
}

/* The kernel opens it by itself, without a word about why it cannot. */
static int may_write(const struct inode *inode, uint32_t flags)
{
	int fd;

	if ((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC))
		return 0;
	/* That it is empty already does not matter to its times: not truncate(2). */
	fd = sysfs_reopen(inode->fd, (int)flags & (O_ACCMODE | O_APPEND | O_TRUNC));
	return fd < 0 ? fd : sys_close(fd);
}

/* Only O_RDWR can store through a mapping. What the kernel knows of the file's times until now is
   dropped: none that it is told from here on is kept. */
static int count_backed(struct fuse_req *req, uint64_t node, struct inode *inode, uint32_t flags)
{
	if ((flags & O_ACCMODE) != O_RDWR)
		return 0;
	if (__atomic_fetch_add(&inode->writers, BY_CACHE, __ATOMIC_ACQ_REL) == 0)
		pass_drop_attributes(req, node);
	return BY_CACHE;
}

static int opened(struct fuse_req *req, uint64_t node, struct inode *inode, uint32_t flags, int fd, int32_t backing)
{
	if (!backing) {
		int way = way_of_writer(req, inode, flags);

		return fuse_opened(req, pass_handle(req->in->uid, way, fd), open_flags(req, inode, flags, fd, way));
	}
	return fuse_opened_backed(req, pass_handle(req->in->uid, count_backed(req, node, inode, flags), fd < 0 ? NOT_OPEN : fd), backing,
				  close_is_quiet(pass_of(req), inode, flags, backing) ? FOPEN_NOFLUSH : 0);
}

/* A file that could not be opened does not count. */
static int end_hold(const struct fuse_req *req, int err)
{
	if (err)
		pass_release_hold(req->in->uid);
	return err;
}

/* What the kernel has checked, it has by attributes that may be as old as it may keep them. */
static int pass_check_open(const struct fuse_req *req, uint64_t node, uint32_t flags)
{
	enum { EXEC = 0x20, READ = 4, WRITE = 2, RUN = 1 };
	static const uint8_t wanted[] = { READ, WRITE, READ | WRITE, READ | WRITE };
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	int fd = pass_fd(req, node), err = fd < 0 ? fd : 0;

	if (!err && pass_of(req)->late)
		err = pass_check_now(req, node, fd, flags & EXEC ? RUN : wanted[flags & O_ACCMODE]);
	return err || !writes ? err : pass_open_to_write(req, fd);
}

static int open_file(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	struct passfs *fs = pass_of(req);
	struct inode *inode = inodes_get(&fs->inodes, node);
	int32_t backing = inode ? backing_of(req, node, inode) : 0;
	int fd = inode ? -1 : -ESTALE;

	if (!inode)
		return fd;
	fd = pass_check_open(req, node, flags);
	if (fd < 0)
		return fd;
	as_writer(((const struct fuse_open_in *)req->arg)->open_flags & FUSE_OPEN_KILL_SUIDGID);
	if (backing) {
		int err = may_write(inode, flags);

		return err ? err : opened(req, node, inode, flags, -1, backing);
	}
	fd = reopen(fs, inode->fd, flags);
	if (fd >= 0 && flags & O_TRUNC)
		pass_note_size(req, node, 0);
	return fd < 0 ? fd : opened(req, node, inode, flags, fd, 0);
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

/* Each open file counts for its caller until it is released. */
int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int err = pass_hold(req->in->uid);

	if (err)
		return err;
	do
		err = open_current(req, node, flags);
	while (err == -EMFILE && pass_wait_for_room(req->session));
	return end_hold(req, err);
}

/* The reply for a file that was made just now, which fd holds open; closed: the kernel may
   have it open alone. The node is of that very file, whatever its name leads to by now. */
static int opened_new(struct fuse_req *req, uint64_t parent, const char *name, uint32_t flags, int fd, bool closed)
{
	struct sysfs_stat st;
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
	backing = backing_of(req, node, inode);
	if (closed)
		fd = backing ? -1 : reopen(pass_of(req), inode->fd, flags);
	if (fd < 0 && !backing) {
		pass_forget(req, node, 1);
		return fd;
	}
	req->brief |= backing && (flags & O_ACCMODE) == O_RDWR;
	fuse_entry_as(req, node, &st.attr);
	if (pass_of(req)->writeback)
		inodes_open(&pass_of(req)->inodes, node);
	return opened(req, node, inode, flags, fd, backing);
}

static int create_file(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	const struct passfs *fs = pass_of(req);
	bool closed = fs->passthrough && !fs->locks && fuse_agreed(req) & FUSE_PASSTHROUGH;
	int fd = pass_create_new(req, parent, name, in, closed ? O_RDONLY : our_flags(fs, in->flags));

	return fd < 0 ? fd : opened_new(req, parent, name, in->flags, fd, closed);
}

/* It has no name yet; linkat(2) may give it one. */
static int create_nameless(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in)
{
	int fd = pass_tmpfile_new(req, parent, in, our_flags(pass_of(req), in->flags));

	return fd < 0 ? fd : opened_new(req, 0, ".", in->flags, fd, false);
}

int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	int err = pass_hold(req->in->uid);

	return err ? err : end_hold(req, create_file(req, parent, name, in));
}

int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in)
{
	int err = pass_hold(req->in->uid);

	return err ? err : end_hold(req, create_nameless(req, parent, in));
}

int pass_flush(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in)
{
	struct pass_file file;

	if (pass_of(req)->locks)
		pass_unlock_owner(node, in->lock_owner);
	/* Any close of it makes a network file system write what it has. */
	if (pass_handle_fd(in->fh) == NOT_OPEN) {
		file = pass_use(req, node, in->fh, O_WRONLY | O_APPEND);	/* also one that only grows */
		return pass_done(file, 0);
	}
	file.fd = sysfs_dup(pass_handle_fd(in->fh));
	return file.fd < 0 ? file.fd : sys_close(file.fd);
}

int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in)
{
	struct passfs *fs = pass_of(req);

	pass_release_hold((uint32_t)(in->fh >> 32));
	writer_leaves(req, node, in->fh);
	if (pass_handle_fd(in->fh) == NOT_OPEN)
		return 0;
	pass_close_current(req, node);
	if (fs->locks)
		pass_unlock_handle(node, in->fh);	/* before it can be another one's number */
	sys_close(pass_handle_fd(in->fh));
	if (fs->locks)
		pass_retry_locks();	/* flock(2) ends with the last close */
	return 0;
}

/* ---- Data ---- */

int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	const struct fuse_read_in *in = req->arg;
	struct pass_file file = pass_use(req, node, in->fh, O_RDONLY);
	ssize_t n = sysfs_pread(file.fd, req->space, size < req->space_size ? size : req->space_size, offset);

	n = pass_done(file, (int)n);
	return n < 0 ? (int)n : fuse_data(req, req->space, (size_t)n);
}

/* The kernel takes a short WRITE of its page cache for a whole one, and drops the rest: go on until
   SOURCE says why it takes no more. */
static ssize_t write_pages(int fd, const char *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = sysfs_pwrite(fd, data + done, size - done, offset + done);

		if (n <= 0)
			return n ? n : -EIO;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static ssize_t write_data(const struct fuse_req *req, int fd, const struct fuse_write_in *in)
{
	if (in->write_flags & FUSE_WRITE_CACHE)
		return write_pages(fd, req->data, in->size, in->offset);
	if (in->flags & O_APPEND && !pass_of(req)->writeback)
		return sysfs_append(fd, req->data, in->size);
	return sysfs_pwrite(fd, req->data, in->size, in->offset);
}

int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	struct pass_file file = pass_use(req, node, in->fh, O_WRONLY);
	ssize_t n;

	/* The kernel names no caller of the writes that it collected. */
	write_for(req, node, in->write_flags & FUSE_WRITE_CACHE ? backing_user(req, node) : caller_of(req),
		  in->write_flags & FUSE_WRITE_KILL_SUIDGID
		  || (in->write_flags & FUSE_WRITE_CACHE && pass_of(req)->writeback));
	n = write_data(req, file.fd, in);
	priv_act_as_self();
	n = pass_done(file, (int)n);
	if (n < 0 && in->write_flags & FUSE_WRITE_CACHE)
		pass_note_loss(req, node);
	if (n < 0)
		return (int)n;
	pass_note_end(req, node, in->offset + (uint64_t)n);
	return fuse_size(req, (uint32_t)n);
}

static int set_size(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	struct pass_file file;

	if (!(in->valid & FATTR_FH)) {
		int fd = pass_fd(req, node), err = fd < 0 ? fd : pass_check_now(req, node, fd, 2);

		return err ? err : sysfs_truncate(fd, in->size);
	}
	/* Where it is open for writing, its handle may do what its mode would not let; and
	   its times change, if its size does or not. */
	file = pass_use(req, node, in->fh, O_WRONLY);
	return pass_done(file, sysfs_ftruncate(file.fd, in->size));
}

/* In the file's own group, the set-group-id bit of a file that the group may not execute
   stays, as it does for the members of the group. */
static int set_size_checked(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	struct sysfs_stat st;
	int err;

	if (!(in->valid & FATTR_KILL_SUIDGID) || !pass_is_checked(req)) {
		as_writer(in->valid & FATTR_KILL_SUIDGID);
		return set_size(req, node, in);
	}
	err = sysfs_stat(pass_fd(req, node), true, &st);
	if (!err)
		err = priv_act_for(0, st.attr.gid, NULL, 0, ~(uint32_t)PRIV_SETID);
	if (!err)
		err = set_size(req, node, in);
	priv_act_as_self();
	return err;
}

int pass_set_size(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	int err = set_size_checked(req, node, in);

	if (!err)
		pass_note_size(req, node, in->size);
	return err;
}

int pass_fsync(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in)
{
	struct pass_file file = pass_use(req, node, in->fh, O_RDONLY);

	return pass_done(file, sysfs_fsync(file.fd, in->fsync_flags & FUSE_FSYNC_FDATASYNC));
}

int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in)
{
	struct pass_file file = pass_use(req, node, in->fh, O_WRONLY);
	int err;

	write_for(req, node, caller_of(req), req->in->uid != 0);
	err = sysfs_fallocate(file.fd, (int)in->mode, in->offset, in->length);
	priv_act_as_self();
	if (file.fd >= 0 && !err && !(in->mode & FALLOC_FL_KEEP_SIZE))
		pass_note_end(req, node, in->offset + in->length);
	return pass_done(file, err);
}

static int at_offset(struct fuse_req *req, int64_t at)
{
	if (at < 0)
		return (int)at;
	req->reply.body.lseek = (struct fuse_lseek_out) { .offset = (uint64_t)at };
	req->reply.body_size = sizeof(struct fuse_lseek_out);
	return 0;
}

int pass_lseek(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in)
{
	struct pass_file file;
	int64_t at;
	int err;

	/* ENOSYS makes the kernel take each file for data up to its size, for as long as it is mounted. */
	if (!pass_source_knows_holes(req, node))
		return -ENOSYS;
	file = pass_use(req, node, in->fh, O_RDONLY);
	at = sysfs_lseek(file.fd, (int64_t)in->offset, (int)in->whence);
	err = pass_done(file, at < 0 ? (int)at : 0);
	return err ? err : at_offset(req, at);
}

int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in)
{
	size_t most = req->in->opcode == FUSE_COPY_FILE_RANGE ? UINT32_MAX : SIZE_MAX;
	struct pass_file from = pass_use(req, node, in->fh_in, O_RDONLY);
	struct pass_file to = pass_use(req, in->nodeid_out, in->fh_out, O_WRONLY);
	int64_t n;
	int err;

	write_for(req, in->nodeid_out, caller_of(req), req->in->uid != 0);
	n = sysfs_copy(from.fd, in->off_in, to.fd, in->off_out,
		       in->len < most ? (size_t)in->len : most, (unsigned int)in->flags);
	priv_act_as_self();
	err = pass_done(from, pass_done(to, n < 0 ? (int)n : 0));
	if (err)
		return err;
	pass_note_end(req, in->nodeid_out, in->off_out + (uint64_t)n);
	return req->in->opcode == FUSE_COPY_FILE_RANGE ? fuse_size(req, (uint32_t)n) : at_offset(req, n);
}

/* ---- ioctl ---- */

/* lsattr(1), chattr(1), and projects: what they change, the kernel has checked. The
   number of each is that of its man page; those of `long` are served as the int that they
   have always been. */
static bool ioctl_allowed(uint32_t cmd)
{
	enum { GETFLAGS = 1, SETFLAGS, GETXATTR = 31, SETXATTR };
	uint32_t type = cmd >> 8 & 0xff, number = cmd & 0xff;

	if (type == 'f')
		return number == GETFLAGS || number == SETFLAGS;
	if (type == 'X')
		return number == GETXATTR || number == SETXATTR;
	return type == 'v' && number == 1;	/* FS_IOC_GETVERSION */
}

int pass_ioctl(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in)
{
	enum { ROOM = 64 };
	struct pass_file file;
	int n = 0;

	if (!ioctl_allowed(in->cmd) || in->in_size > ROOM || in->out_size > ROOM)
		return -ENOTTY;
	file = pass_use(req, node, in->flags & FUSE_IOCTL_DIR ? (uint64_t)pass_list_fd(req, in->fh) : in->fh, O_RDONLY);
	for (uint32_t i = 0; i < ROOM; i++)
		req->space[i] = i < in->in_size ? ((const char *)req->data)[i] : '\0';
	/* Before 5.13 the kernel leaves it to the file system who may change flags. */
	if (pass_is_checked(req))
		n = priv_act_for(passview_source(&pass_of(req)->view, req->in->uid, false), pass_group(req), NULL, 0, 0);
	if (!n)
		n = sysfs_ioctl(file.fd, in->cmd, req->space);
	priv_act_as_self();
	n = pass_done(file, n);
	if (n < 0)
		return n;
	req->reply.body.ioctl = (struct fuse_ioctl_out) { .result = n };
	req->reply.body_size = sizeof(struct fuse_ioctl_out);
	return fuse_data(req, req->space, in->out_size);
}
