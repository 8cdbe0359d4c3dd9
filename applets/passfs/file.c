/* SPDX-License-Identifier: MIT */
/* file: requests for open files. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"

struct pass_file pass_use(const struct fuse_req *req, uint64_t node, uint64_t handle, int flags)
{
	int fd;

	if (pass_handle_fd(handle) != NOT_OPEN)
		return (struct pass_file) { journal_check(handle) ? -EIO : pass_handle_fd(handle), false };
	fd = pass_fd(req, node);
	return (struct pass_file) { fd < 0 ? fd : vfs_reopen(fd, flags), true };
}

int pass_done(struct pass_file file, int err)
{
	if (file.fd < 0)
		return file.fd;
	if (file.borrowed)
		sys_close(file.fd);
	return err;
}

int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	const struct fuse_read_in *in = req->arg;
	struct pass_file file = pass_use(req, node, in->fh, O_RDONLY);
	ssize_t n = vfs_pread(file.fd, req->space, size < req->space_size ? size : req->space_size, offset);

	n = pass_done(file, (int)n);
	return n < 0 ? (int)n : fuse_data(req, req->space, (size_t)n);
}

/* The kernel takes a short WRITE of dirty pages for a complete one and drops the rest: continue
   until SOURCE reports why it takes no more. */
static ssize_t write_pages(int fd, const char *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = vfs_pwrite(fd, data + done, size - done, offset + done);

		if (n <= 0)
			return n ? n : -EIO;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* How many bytes of the data are in the file from `at` on, before its end; fd is open for reading. A
   file that the server may not read has grown by them. */
static size_t count_written(struct fuse_req *req, int fd, uint64_t at, uint64_t end, size_t size)
{
	size_t most = end - at < size ? (size_t)(end - at) : size, done = 0;

	while (fd >= 0 && done < most) {
		size_t left = most - done < req->space_size ? most - done : req->space_size;
		ssize_t n = vfs_pread(fd, req->space, left, at + done);

		if (n <= 0 || memcmp(req->space, (const char *)req->data + done, (size_t)n) != 0)
			return 0;
		done += (size_t)n;
	}
	return most;
}

/* The descriptor of the handle may be write-only. */
static size_t count_appended(struct fuse_req *req, uint64_t node, uint64_t at, uint64_t end, size_t size)
{
	int fd = vfs_reopen(pass_fd(req, node), O_RDONLY);
	size_t done = count_written(req, fd, at, end, size);

	if (fd >= 0)
		sys_close(fd);
	return done;
}

/* Appends once, even if a killed process has appended some of it (fmount --keep). */
static ssize_t append_data(struct fuse_req *req, uint64_t node, int fd, size_t size)
{
	uint64_t now[2] = { 0, 0 }, before[2];
	struct vfs_stat st;
	size_t done = 0;
	ssize_t n;

	if (journal_is_on() && vfs_stat(fd, true, &st) == 0) {
		now[0] = st.attr.size;
		if (journal_begun(req, now, before) && now[0] > before[0])
			done = count_appended(req, node, before[0], now[0], size);
	}
	if (done == size)
		return (ssize_t)done;
	n = vfs_append(fd, (const char *)req->data + done, size - done);
	return n < 0 ? done ? (ssize_t)done : n : n + (ssize_t)done;
}

static ssize_t write_data(struct fuse_req *req, uint64_t node, int fd, const struct fuse_write_in *in)
{
	if (in->write_flags & FUSE_WRITE_CACHE)
		return write_pages(fd, req->data, in->size, in->offset);
	if (in->flags & O_APPEND && !pass_of(req)->writeback)
		return append_data(req, node, fd, in->size);
	return vfs_pwrite(fd, req->data, in->size, in->offset);
}

int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	struct pass_file file = pass_use(req, node, in->fh, O_WRONLY);
	ssize_t n;

	/* A WRITE of dirty pages names no caller. */
	pass_act_as_writer(req, node, in->write_flags & FUSE_WRITE_CACHE ? pass_backing_uid(req, node, NULL) : pass_source_uid(req),
		  in->write_flags & FUSE_WRITE_KILL_SUIDGID
		  || (in->write_flags & FUSE_WRITE_CACHE && pass_of(req)->writeback));
	n = write_data(req, node, file.fd, in);
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

		return err ? err : vfs_truncate(fd, in->size);
	}
	/* ftruncate(2) does not check the mode again, and updates mtime even if the size stays the
	   same. */
	file = pass_use(req, node, in->fh, O_WRONLY);
	return pass_done(file, vfs_ftruncate(file.fd, in->size));
}

/* Act in the file's own group: SOURCE then keeps the set-group-ID bit of a file that the group may
   not execute, as it does for members of the group. */
static int set_size_checked(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	struct vfs_stat st;
	int err;

	if (!(in->valid & FATTR_KILL_SUIDGID) || !pass_is_checked(req)) {
		priv_keep_setid(!(in->valid & FATTR_KILL_SUIDGID));
		return set_size(req, node, in);
	}
	err = vfs_stat(pass_fd(req, node), true, &st);
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
	int err = pass_done(file, vfs_fsync(file.fd, in->fsync_flags & FUSE_FSYNC_FDATASYNC));

	return err ? err : pass_report_loss(req, node);
}

int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in)
{
	struct pass_file file = pass_use(req, node, in->fh, O_WRONLY);
	int err;

	pass_act_as_writer(req, node, pass_source_uid(req), req->in->uid != 0);
	err = vfs_fallocate(file.fd, (int)in->mode, in->offset, in->length);
	priv_act_as_self();
	if (file.fd >= 0 && !err && !(in->mode & FALLOC_FL_KEEP_SIZE))
		pass_note_end(req, node, in->offset + in->length);
	return pass_done(file, err);
}

static int reply_offset(struct fuse_req *req, int64_t at)
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

	/* ENOSYS makes the kernel treat each file as data up to its size, until the mount ends. */
	if (!pass_source_knows_holes(req, node))
		return -ENOSYS;
	file = pass_use(req, node, in->fh, O_RDONLY);
	at = vfs_lseek(file.fd, (int64_t)in->offset, (int)in->whence);
	err = pass_done(file, at < 0 ? (int)at : 0);
	return err ? err : reply_offset(req, at);
}

int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in)
{
	size_t most = req->in->opcode == FUSE_COPY_FILE_RANGE ? UINT32_MAX : SIZE_MAX;
	struct pass_file from = pass_use(req, node, in->fh_in, O_RDONLY);
	struct pass_file to = pass_use(req, in->nodeid_out, in->fh_out, O_WRONLY);
	int64_t n;
	int err;

	pass_act_as_writer(req, in->nodeid_out, pass_source_uid(req), req->in->uid != 0);
	n = vfs_copy(from.fd, in->off_in, to.fd, in->off_out,
		       in->len < most ? (size_t)in->len : most, (unsigned int)in->flags);
	priv_act_as_self();
	err = pass_done(from, pass_done(to, n < 0 ? (int)n : 0));
	if (err)
		return err;
	pass_note_end(req, in->nodeid_out, in->off_out + (uint64_t)n);
	return req->in->opcode == FUSE_COPY_FILE_RANGE ? fuse_size(req, (uint32_t)n) : reply_offset(req, n);
}

/* ---- ioctl ---- */

/* The ioctls of lsattr(1), chattr(1) and project ids, for which the kernel checks the caller.
   Compare only type and number: the size is that of `long` in some, although all pass an int. */
static bool is_allowed_ioctl(uint32_t cmd)
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

	if (!is_allowed_ioctl(in->cmd) || in->in_size > ROOM || in->out_size > ROOM)
		return -ENOTTY;
	file = pass_use(req, node, in->flags & FUSE_IOCTL_DIR ? (uint64_t)pass_list_fd(req, in->fh) : in->fh, O_RDONLY);
	for (uint32_t i = 0; i < ROOM; i++)
		req->space[i] = i < in->in_size ? ((const char *)req->data)[i] : '\0';
	/* Before Linux 5.13 the kernel leaves the check of the caller to the file system: act as
	   the caller. */
	if (pass_is_checked(req))
		n = priv_act_for(passview_source(&pass_of(req)->view, req->in->uid, false), pass_group(req), NULL, 0, 0);
	if (!n)
		n = vfs_ioctl(file.fd, in->cmd, req->space);
	priv_act_as_self();
	n = pass_done(file, n);
	if (n < 0)
		return n;
	req->reply.body.ioctl = (struct fuse_ioctl_out) { .result = n };
	req->reply.body_size = sizeof(struct fuse_ioctl_out);
	return fuse_data(req, req->space, in->out_size);
}
