/* passfs: mirrors a directory tree, read and write.
 *
 * Every file that the kernel knows is held by an O_PATH descriptor, found once by
 * device and inode number, so that hard links are one file, a rename changes nothing,
 * and a name that leads out of the tree is never followed. What this process makes for
 * a caller belongs to the caller; whether he may, the kernel checks by the attributes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applet.h"
#include "fuse_fs.h"
#include "inodes.h"
#include "priv.h"
#include "serve.h"
#include "sys.h"
#include "sysfs.h"

struct passfs {
	struct inodes inodes;
};

static struct inodes *inodes_of(const struct fuse_req *req)
{
	return &((struct passfs *)fuse_fs(req))->inodes;
}

/* A node's descriptor, or -ESTALE. */
static int fd_of(const struct fuse_req *req, uint64_t node)
{
	const struct inode *inode = inodes_get(inodes_of(req), node);

	return inode ? inode->fd : -ESTALE;
}

static int pass_prepare(void *data, const char *source)
{
	struct passfs *fs = data;
	struct sysfs_stat st;
	int fd = source ? sys_open(source, O_PATH | O_DIRECTORY, 0) : -ENOENT, err;

	if (fd < 0)
		return fd;
	err = sysfs_stat(fd, true, &st);
	if (err)
		return err;
	sysfs_umask(0);		/* the kernel has applied the caller's */
	sysfs_raise_descriptors();
	return inodes_take(&fs->inodes, fd, st.device, st.attr.ino) == FUSE_ROOT_ID ? 0 : -ENOMEM;
}

/* ---- Attributes ---- */

static int pass_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr)
{
	struct sysfs_stat st;
	int err = sysfs_stat(fd_of(req, node), true, &st);
	*attr = st.attr;
	return err;
}

/* Where it is open for writing, its handle may change what its mode would not let. */
static int set_size(int fd, const struct fuse_setattr_in *in)
{
	return in->valid & FATTR_FH ? sysfs_ftruncate((int)in->fh, in->size) : sysfs_truncate(fd, in->size);
}

static struct sysfs_time time_to_set(uint32_t valid, uint32_t which, uint32_t now, uint64_t s, uint32_t ns)
{
	if (!(valid & which))
		return (struct sysfs_time) { 0, UTIME_OMIT };
	return valid & now ? (struct sysfs_time) { 0, UTIME_NOW } : (struct sysfs_time) { (int64_t)s, ns };
}

static int set_times(int fd, const struct fuse_setattr_in *in)
{
	const struct sysfs_time times[2] = {
		time_to_set(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		time_to_set(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	return sysfs_utimes(fd, times);
}

static int pass_setattr(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	int fd = fd_of(req, node), err = fd < 0 ? fd : 0;

	/* A change of owner takes set-id bits away: the mode comes after it. */
	if (!err && in->valid & (FATTR_UID | FATTR_GID))
		err = sysfs_chown(fd, in->valid & FATTR_UID ? in->uid : (uid_t)-1,
				  in->valid & FATTR_GID ? in->gid : (gid_t)-1);
	if (!err && in->valid & FATTR_MODE)
		err = sysfs_chmod(fd, in->mode & 07777);
	if (!err && in->valid & FATTR_SIZE)
		err = set_size(fd, in);
	if (!err && in->valid & (FATTR_ATIME | FATTR_MTIME))
		err = set_times(fd, in);
	return err;
}

/* ---- Names ---- */

/* The node of a name, one lookup more, and its attributes. Not this file system itself,
   mounted somewhere in its source: to ask that would be to wait for ourselves. */
static int find(struct fuse_req *req, uint64_t parent, const char *name, uint64_t *node, struct fuse_attr *attr)
{
	struct sysfs_stat st;
	int fd = sys_openat(fd_of(req, parent), name, O_PATH | O_NOFOLLOW, 0), err;

	if (fd < 0)
		return fd == -EBADF ? -ESTALE : fd;
	err = sysfs_stat(fd, false, &st);
	if (!err && fuse_is_own(req, st.device))
		err = -ELOOP;
	if (err) {
		sys_close(fd);
		return err;
	}
	*node = inodes_take(inodes_of(req), fd, st.device, st.attr.ino);
	*attr = st.attr;
	return *node ? 0 : -ENOMEM;
}

/* ".." of the root would be what is above it. */
static bool leads_out(uint64_t parent, const char *name)
{
	return parent == FUSE_ROOT_ID && strcmp(name, "..") == 0;
}

static int pass_lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	uint64_t node;
	struct fuse_attr attr;
	int err = find(req, parent, leads_out(parent, name) ? "." : name, &node, &attr);

	return err ? err : fuse_entry_as(req, node, &attr);
}

static void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count)
{
	inodes_forget(inodes_of(req), node, count);
}

/* After the caller's name was taken for something, ours again, and what became of it. */
static int made(struct fuse_req *req, int err, uint64_t parent, const char *name)
{
	priv_act_as_self();
	return err ? err : pass_lookup(req, parent, name);
}

static int as_caller(const struct fuse_req *req)
{
	return priv_act_for(req->in->uid, req->in->gid);
}

static int pass_mknod(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mknod_in *in)
{
	int err = S_ISCHR(in->mode) || S_ISBLK(in->mode) ? 0 : as_caller(req);

	/* A device is root's to make; the kernel has asked whether the caller may. */
	return made(req, err ? err : sysfs_mknod(fd_of(req, parent), name, in->mode, in->rdev), parent, name);
}

static int pass_mkdir(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mkdir_in *in)
{
	int err = as_caller(req);

	return made(req, err ? err : sysfs_mkdir(fd_of(req, parent), name, in->mode), parent, name);
}

static int pass_symlink(struct fuse_req *req, uint64_t parent, const char *name, const char *target)
{
	int err = as_caller(req);

	return made(req, err ? err : sysfs_symlink(target, fd_of(req, parent), name), parent, name);
}

static int pass_link(struct fuse_req *req, uint64_t node, uint64_t parent, const char *name)
{
	return made(req, sysfs_link(fd_of(req, node), fd_of(req, parent), name), parent, name);
}

static int pass_unlink(struct fuse_req *req, uint64_t parent, const char *name)
{
	return sysfs_unlink(fd_of(req, parent), name, false);
}

static int pass_rmdir(struct fuse_req *req, uint64_t parent, const char *name)
{
	return sysfs_unlink(fd_of(req, parent), name, true);
}

static int pass_rename(struct fuse_req *req, uint64_t parent, const char *name, uint64_t new_parent,
		       const char *new_name, uint32_t flags)
{
	return sysfs_rename(fd_of(req, parent), name, fd_of(req, new_parent), new_name, flags);
}

static int pass_readlink(struct fuse_req *req, uint64_t node)
{
	ssize_t n = sys_readlinkat(fd_of(req, node), "", req->space, req->space_size);

	return n < 0 ? (int)n : fuse_data(req, req->space, (size_t)n);
}

/* ---- Files ---- */

/* Direct or not is between the caller and the kernel: our buffers are not aligned. */
static int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int fd = fd_of(req, node);

	if (fd >= 0)
		fd = sysfs_reopen(fd, (int)flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_DIRECT));
	return fd < 0 ? fd : fuse_opened(req, (uint64_t)fd, 0);
}

static int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	int fd = as_caller(req), err;

	if (fd == 0)
		fd = sys_openat(fd_of(req, parent), name, (int)((in->flags | O_CREAT | O_NOFOLLOW) & ~(uint32_t)O_DIRECT), in->mode);
	err = made(req, fd < 0 ? fd : 0, parent, name);
	if (!err)
		return fuse_opened(req, (uint64_t)fd, 0);
	if (fd >= 0)
		sys_close(fd);
	return err;
}

/* It has no name yet; linkat(2) may give it one. */
static int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in)
{
	struct passfs *fs = fuse_fs(req);
	struct sysfs_stat st;
	char path[32];
	int fd = as_caller(req), held = -1, err;
	uint64_t node = 0;

	if (fd == 0)
		fd = sys_openat(fd_of(req, parent), ".", (int)(in->flags | O_TMPFILE), in->mode);
	priv_act_as_self();
	err = fd < 0 ? fd : sysfs_stat(fd, true, &st);
	if (!err) {
		held = sys_open(sys_fd_path(path, fd), O_PATH, 0);
		node = held < 0 ? 0 : inodes_take(&fs->inodes, held, st.device, st.attr.ino);
		err = held < 0 ? held : node ? fuse_entry_as(req, node, &st.attr) : -ENOMEM;
	}
	if (!err)
		return fuse_opened(req, (uint64_t)fd, 0);
	if (fd >= 0)
		sys_close(fd);
	return err;
}

static int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	const struct fuse_read_in *in = req->arg;
	ssize_t n = sysfs_pread((int)in->fh, req->space, size < req->space_size ? size : req->space_size, offset);

	(void)node;
	return n < 0 ? (int)n : fuse_data(req, req->space, (size_t)n);
}

static int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	ssize_t n = sysfs_pwrite((int)in->fh, req->data, in->size, in->offset);

	(void)node;
	return n < 0 ? (int)n : fuse_size(req, (uint32_t)n);
}

static int pass_fsync(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in)
{
	(void)req, (void)node;
	return sysfs_fsync((int)in->fh, in->fsync_flags & FUSE_FSYNC_FDATASYNC);
}

static int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in)
{
	(void)req, (void)node;
	return sys_close((int)in->fh);
}

static int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in)
{
	(void)req, (void)node;
	return sysfs_fallocate((int)in->fh, (int)in->mode, in->offset, in->length);
}

static int pass_lseek(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in)
{
	int64_t at = sysfs_lseek((int)in->fh, (int64_t)in->offset, (int)in->whence);

	(void)node;
	if (at < 0)
		return (int)at;
	req->reply.body.lseek = (struct fuse_lseek_out) { .offset = (uint64_t)at };
	req->reply.body_size = sizeof(struct fuse_lseek_out);
	return 0;
}

static int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in)
{
	size_t most = req->in->opcode == FUSE_COPY_FILE_RANGE ? UINT32_MAX : SIZE_MAX;
	ssize_t n = sysfs_copy((int)in->fh_in, in->off_in, (int)in->fh_out, in->off_out,
			       in->len < most ? (size_t)in->len : most, (unsigned int)in->flags);

	(void)node;
	if (n < 0)
		return (int)n;
	if (req->in->opcode == FUSE_COPY_FILE_RANGE)
		return fuse_size(req, (uint32_t)n);
	req->reply.body.lseek = (struct fuse_lseek_out) { .offset = (uint64_t)n };
	req->reply.body_size = sizeof(struct fuse_lseek_out);
	return 0;
}

/* ---- Directories ---- */

static int pass_opendir(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	(void)flags;
	return pass_open(req, node, O_RDONLY | O_DIRECTORY);
}

enum { SMALL_LIST = 1024, LIST = 16 * 1024 };

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* With READDIRPLUS each entry is a lookup, which is taken back if there is no room. One
   that cannot be looked up is shown all the same, without attributes. */
static bool add_entry(struct fuse_req *req, uint64_t parent, const struct entry *e)
{
	uint64_t node = 0;
	struct fuse_attr attr;

	if (req->in->opcode != FUSE_READDIRPLUS || fuse_is_dots(e->name) || find(req, parent, e->name, &node, &attr) < 0)
		return fuse_dirent_as(req, 0, NULL, e->ino, e->type, e->name, (uint64_t)e->next);
	if (fuse_dirent_as(req, node, &attr, e->ino, e->type, e->name, (uint64_t)e->next))
		return true;
	inodes_forget(inodes_of(req), node, 1);
	return false;
}

static int pass_readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	/* The list at the end of the room for the reply, and not more of it than will fit
	   there: an entry with attributes is some five times as large. */
	uint32_t room = req->wanted / (req->in->opcode == FUSE_READDIRPLUS ? 5 : 1);
	const char *list = req->space + req->space_size - LIST;
	int fd = (int)((const struct fuse_read_in *)req->arg)->fh, n;
	int64_t at = sysfs_lseek(fd, (int64_t)offset, SEEK_SET);

	if (at < 0)
		return (int)at;
	room = room < SMALL_LIST ? SMALL_LIST : room > LIST ? LIST : room;
	if (req->wanted > req->space_size - LIST)
		req->wanted = req->space_size - LIST;
	while ((n = sys_getdents(fd, (void *)list, room)) > 0) {
		for (int i = 0; i < n; ) {
			const struct entry *e = (const void *)(list + i);

			if (!add_entry(req, node, e))
				return 0;
			i += e->size;
		}
	}
	return n;
}

/* ---- Extended attributes, and the whole ---- */

static int pass_getxattr(struct fuse_req *req, uint64_t node, const char *name, uint32_t size)
{
	ssize_t n = sysfs_getxattr(fd_of(req, node), name, req->space, size ? req->space_size : 0);

	return n < 0 ? (int)n : fuse_xattr(req, req->space, (size_t)n, size);
}

static int pass_listxattr(struct fuse_req *req, uint64_t node, uint32_t size)
{
	ssize_t n = sysfs_listxattr(fd_of(req, node), req->space, size ? req->space_size : 0);

	return n < 0 ? (int)n : fuse_xattr(req, req->space, (size_t)n, size);
}

static int pass_setxattr(struct fuse_req *req, uint64_t node, const char *name, const struct fuse_setxattr_in *in)
{
	return sysfs_setxattr(fd_of(req, node), name, req->data, in->size, (int)in->flags);
}

static int pass_removexattr(struct fuse_req *req, uint64_t node, const char *name)
{
	return sysfs_removexattr(fd_of(req, node), name);
}

static int pass_statfs(struct fuse_req *req, uint64_t node, struct fuse_kstatfs *stat)
{
	return sysfs_statfs(fd_of(req, node), stat);
}

static int pass_syncfs(struct fuse_req *req)
{
	int fd = sysfs_reopen(fd_of(req, FUSE_ROOT_ID), O_RDONLY | O_DIRECTORY);
	int err = fd < 0 ? fd : sysfs_syncfs(fd);

	if (fd >= 0)
		sys_close(fd);
	return err;
}

static const struct fuse_ops pass_ops = {
	.prepare = pass_prepare, .kernel_checks = true, .timeout = 1000, .max_write = 1 << 20,
	.want = FUSE_CACHE_SYMLINKS,
	.attr = pass_attr, .setattr = pass_setattr, .lookup = pass_lookup, .forget = pass_forget,
	.mknod = pass_mknod, .mkdir = pass_mkdir, .symlink = pass_symlink, .link = pass_link,
	.unlink = pass_unlink, .rmdir = pass_rmdir, .rename = pass_rename, .readlink = pass_readlink,
	.open = pass_open, .create = pass_create, .tmpfile = pass_tmpfile, .read = pass_read,
	.write = pass_write, .fsync = pass_fsync, .release = pass_release, .fallocate = pass_fallocate,
	.lseek = pass_lseek, .copy_file_range = pass_copy,
	.opendir = pass_opendir, .readdir = pass_readdir, .releasedir = pass_release, .fsyncdir = pass_fsync,
	.getxattr = pass_getxattr, .listxattr = pass_listxattr, .setxattr = pass_setxattr,
	.removexattr = pass_removexattr, .statfs = pass_statfs, .syncfs = pass_syncfs,
};

static int passfs_main(char **argv)
{
	static struct passfs fs;

	return serve(argv, &pass_ops, &fs);
}

APPLET(passfs, "passfs", "usr/bin", "SOURCE MOUNTPOINT", "mirror a directory tree", serve_options)
