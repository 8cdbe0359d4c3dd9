/* SPDX-License-Identifier: MIT */
/* passfs: mirrors a directory tree, read and write.
 *
 * The server holds an O_PATH descriptor of each file that the kernel knows, and finds it by device
 * and inode number. So hard links are one file, a rename changes nothing, and no request follows a
 * name out of the tree. Files that the server creates belong to the caller; the kernel checks the
 * caller's permissions by the attributes.
 *
 * This file has the options and the features that the server requests from the kernel; passfs.h
 * lists the rest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applet.h"
#include "cli/user.h"
#include "mount/mount.h"
#include "mount_args.h"
#include "msg.h"
#include "passfs.h"
#include "resume.h"
#include "sys/priv.h"
#include "sys.h"
#include "thread.h"

static int pass_statfs(struct fuse_req *req, uint64_t node, struct fuse_kstatfs *stat)
{
	uint32_t type;

	return vfs_statfs(pass_fd(req, node), stat, &type);
}

static int pass_syncfs(struct fuse_req *req)
{
	int fd = vfs_reopen(pass_fd(req, FUSE_ROOT_ID), O_RDONLY | O_DIRECTORY);
	int err = fd < 0 ? fd : vfs_syncfs(fd);

	if (fd >= 0)
		sys_close(fd);
	return err;
}

static struct fuse_ops pass_ops;

/* Whether close(2) writes nothing and reports no error on this type of file system. */
static bool has_noop_flush(uint32_t type)
{
	static const uint32_t types[] = {
		0x01021994 /* tmpfs */, 0xef53 /* ext */, 0x58465342 /* xfs */, 0x9123683e /* btrfs */,
		0xf2f52010 /* f2fs */, 0x858458f6 /* ramfs */, 0x4d44 /* fat */, 0x2011bab0 /* exfat */,
	};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (type == types[i])
			return true;
	return false;
}

/* One thread for each CPU; two on a single CPU if a request may wait for a disk or for another
   user's file system, so that other requests need not wait. */
static uint32_t count_threads(bool waits)
{
	enum { MOST = 16 };
	int cpus = thread_cpus();

	return (uint32_t)(cpus < 2 ? 1 + waits : cpus > MOST ? MOST : cpus);
}

/* Whether SOURCE's file system has POSIX access lists, and other users may be subject to them. */
static bool has_access_lists(const struct passfs *fs)
{
	char none;

	return !fs->no_xattrs && fs->serve.mount.allow_other
	       && vfs_getxattr(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, PASS_ACCESS_LIST, &none, 0) != -EOPNOTSUPP;
}

/* The flags of INIT to request from the kernel. */
static uint64_t choose_flags(const struct passfs *fs)
{
	uint64_t want = FUSE_ATOMIC_O_TRUNC | FUSE_DONT_MASK | FUSE_HANDLE_KILLPRIV_V2 | FUSE_CREATE_SUPP_GROUP
			| FUSE_HAS_IOCTL_DIR | FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO | FUSE_DIRECT_IO_ALLOW_MMAP;

	if (has_access_lists(fs))
		want |= FUSE_POSIX_ACL;
	if (fs->cache != CACHE_NONE)
		want |= FUSE_AUTO_INVAL_DATA;
	if (!fs->no_symlinks_out)
		want |= FUSE_CACHE_SYMLINKS;
	if (fs->locks)
		want |= FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS;
	if (fs->writeback)
		want |= FUSE_WRITEBACK_CACHE;
	if (fs->export)
		want |= FUSE_EXPORT_SUPPORT;
	return fs->passthrough ? want | FUSE_PASSTHROUGH : want;
}

/* The kernel stops sending a request whose operation is missing. */
static void remove_operations(const struct passfs *fs)
{
	if (fs->no_xattrs) {
		pass_ops.getxattr = NULL;
		pass_ops.listxattr = NULL;
		pass_ops.setxattr = NULL;
		pass_ops.removexattr = NULL;
	}
	if (!fs->locks) {
		pass_ops.getlk = NULL;
		pass_ops.setlk = NULL;
		pass_ops.interrupt = NULL;
	}
}

/* How many milliseconds the kernel may cache names and attributes. */
static uint32_t choose_timeout(const struct passfs *fs)
{
	enum { SECOND = 1000, DAY = 86400 * SECOND };

	if (fs->timeout >= 0)
		return (uint32_t)fs->timeout * SECOND;
	return fs->cache == CACHE_NONE ? 0 : fs->cache == CACHE_ALWAYS ? DAY : SECOND;
}

/* Selects the features of this server, by the options and the type of SOURCE's file system. */
static void choose_features(struct passfs *fs, uint32_t type)
{
	enum { OVERLAY = 0x794c7630, TMPFS = 0x01021994, OF_6_6 = 39 };
	const uint32_t ramfs = 0x858458f6;

	fs->passthrough = !fs->writeback && !fs->no_passthrough && !fs->serve.sandbox && sys_geteuid() == 0;
	pass_ops.want = choose_flags(fs);
	remove_operations(fs);
	pass_ops.threads = count_threads(fs->serve.mount.allow_other || (type != TMPFS && type != ramfs));
	fs->single_threaded = (fs->serve.threads ? (uint32_t)fs->serve.threads : pass_ops.threads) == 1;
	pass_ops.backing_depth = type == OVERLAY ? 2 : 1;
	fs->quiet_close = has_noop_flush(type);
	fs->may_stay = fs->quiet_close & !(fs->export | fs->writeback | fs->locks);
	fs->stable_since = type == TMPFS ? OF_6_6 : type == ramfs ? UINT32_MAX : 0;
	pass_ops.timeout = choose_timeout(fs);
	fs->has_long_timeout = pass_ops.timeout > 1000;
}

/* The number of inodes above which the server prunes: three quarters of the descriptors that the
   server itself does not need. */
static uint32_t get_inode_limit(uint32_t descriptors)
{
	enum { OWN = 32 };

	return (descriptors - (descriptors < 2 * OWN ? descriptors / 2 : OWN)) / 4 * 3;
}

static int pass_prepare(void *data, const char *source)
{
	static char path[4096];
	struct passfs *fs = data;
	struct vfs_stat st;
	struct fuse_kstatfs whole;
	uint32_t type;
	int fd = source ? sys_open(source, O_PATH | O_DIRECTORY, 0) : -ENOENT, err;

	if (fd < 0)
		return fd;
	err = vfs_stat(fd, true, &st);
	if (!err)
		err = vfs_statfs(fd, &whole, &type);
	if (err)
		return err;
	/* The mount table then tells where SOURCE is, wherever passfs was started. */
	if (!fs->serve.mount.fsname && mount_path_of(fd, path, sizeof(path)) == 0)
		fs->serve.mount.fsname = path;
	fs->device = st.device;
	fs->uid = sys_geteuid();
	fs->acts_as_callers = fs->uid == 0;
	vfs_raise_file_size();	/* the kernel has checked the caller's own limit */
	fs->limit = get_inode_limit(vfs_raise_descriptors());
	err = resume_root(fs, fd, st.device, st.attr.ino);
	if (err)
		return err;
	inodes_get(&fs->inodes, FUSE_ROOT_ID)->closed = pass_is_of_kernel(type);
	choose_features(fs, type);
	err = pass_prepare_holds(fs);
	if (!err)
		resume_count(fs);
	return err || !fs->export ? err : pass_export(fs);
}

/* For a root file system in an initramfs: /proc then moves to the new root, out of the server's
   reach, so enter its directory of descriptors before. */
static void on_mounted(void)
{
	sys_enter_fd_directory();
}

static void on_thread_start(void)
{
	thread_own_umask();
	priv_thread_starts();
}

static int pass_sandbox(void *fs)
{
	return inodes_get(&((struct passfs *)fs)->inodes, FUSE_ROOT_ID)->fd;
}

/* CAP_SYS_ADMIN is for backing ids and trusted.* attributes; the others are for acting as the
   callers. */
#define CAP(number) ((uint64_t)1 << (number))
enum { CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETGID = 6, SETUID, LINUX_IMMUTABLE = 9,
       SYS_ADMIN = 21, SYS_RESOURCE = 24, MKNOD = 27, SETFCAP = 31 };
#define CAPABILITIES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID) \
	| CAP(SETGID) | CAP(SETUID) | CAP(LINUX_IMMUTABLE) | CAP(SYS_ADMIN) | CAP(SYS_RESOURCE) | CAP(MKNOD) | CAP(SETFCAP))

static struct fuse_ops pass_ops = {
	.capabilities = CAPABILITIES, .sandbox = pass_sandbox, .keeping = &pass_keeping,
	.prepare = pass_prepare, .mounted = on_mounted, .thread_starts = on_thread_start, .begins = pass_begin, .place = pass_place, .kernel_checks = true, .max_write = 1 << 20,
	.attr = pass_attr, .statx = pass_statx, .setattr = pass_setattr, .lookup = pass_lookup, .forget = pass_forget,
	.mknod = pass_mknod, .mkdir = pass_mkdir, .symlink = pass_symlink, .link = pass_link,
	.unlink = pass_unlink, .rmdir = pass_unlink, .rename = pass_rename, .readlink = pass_readlink,
	.open = pass_open, .create = pass_create, .tmpfile = pass_tmpfile, .read = pass_read,
	.write = pass_write, .flush = pass_flush, .fsync = pass_fsync, .release = pass_release,
	.fallocate = pass_fallocate, .lseek = pass_lseek, .copy_file_range = pass_copy, .ioctl = pass_ioctl,
	.getlk = pass_getlk, .setlk = pass_setlk, .interrupt = pass_interrupt,
	.opendir = pass_opendir, .readdir = pass_readdir, .releasedir = pass_releasedir, .fsyncdir = pass_fsyncdir,
	.getxattr = pass_getxattr, .listxattr = pass_listxattr, .setxattr = pass_setxattr,
	.removexattr = pass_removexattr, .statfs = pass_statfs, .access = pass_access, .syncfs = pass_syncfs,
};

static const struct opt options[] = {
	SERVE_OPTIONS,
	OPT('r', "ro", OPT_CALL, struct passfs, set_ro, "", "mount read-only"),
	OPT(0, "cache", OPT_CALL, struct passfs, set_cache, "HOW", "auto, none or always: what the kernel may cache"),
	OPT(0, "timeout", OPT_NUMBER, struct passfs, timeout, "SECONDS", "how long it may cache names and attributes (1)"),
	OPT(0, "writeback", OPT_FLAG, struct passfs, writeback, "", "the kernel collects writes; excludes passthrough"),
	OPT(0, "no-passthrough", OPT_FLAG, struct passfs, no_passthrough, "", "all reads and writes go through this server"),
	OPT(0, "no-xattrs", OPT_FLAG, struct passfs, no_xattrs, "", "no extended attributes, and no requests for them"),
	OPT(0, "locks", OPT_FLAG, struct passfs, locks, "", "take locks in SOURCE, where others may work as well"),
	OPT(0, "map", OPT_CALL, struct passfs, set_map, "UID:UID,@GID:@GID", "show one owner or group as another"),
	OPT(0, "force-user", OPT_CALL, struct passfs, force_user, "USER", "show all as owned by USER"),
	OPT(0, "force-group", OPT_CALL, struct passfs, force_group, "GROUP", "show all as of this group"),
	OPT(0, "uid-offset", OPT_NUMBER, struct passfs, view.uid_offset, "N", "add N to each uid that is shown"),
	OPT(0, "gid-offset", OPT_NUMBER, struct passfs, view.gid_offset, "N", "add N to each gid that is shown"),
	OPT(0, "perms", OPT_CALL, struct passfs, set_perms, "MODE", "show other permissions, such as go-w"),
	OPT(0, "hide", OPT_CALL, struct passfs, set_hide, "PATTERN", "hide names that match"),
	OPT(0, "no-symlinks-out", OPT_FLAG, struct passfs, no_symlinks_out, "", "refuse links that lead out of SOURCE"),
	OPT(0, "kernel-fs", OPT_FLAG, struct passfs, kernel_fs, "", "give other users access to /proc and the like in SOURCE"),
	OPT(0, "export", OPT_FLAG, struct passfs, export, "", "keep file handles valid, for an NFS server"),
	OPT_END
};

static const char *set_cache(void *to, char *value, const char **bad)
{
	int which = opt_word("auto|none|always", value);

	(void)bad;
	if (which < 0)
		return "not auto, none or always";
	*(enum pass_cache *)to = (enum pass_cache)which;
	return NULL;
}

/* A callback, so that the last of -r and -o rw counts. */
static const char *set_ro(void *mount, char *value, const char **bad)
{
	(void)value;
	(void)bad;
	((struct optlist *)mount)->flags |= MOUNT_RDONLY;
	return NULL;
}

/* Checks combinations of options, and settles the transport. */
static const char *settle(void *data, struct fuse_session *session)
{
	struct passfs *fs = data;

	if (fs->export && fs->serve.sandbox)
		return "--sandbox and --export exclude each other: handles lead everywhere";
	if (fs->locks && fs->serve.request_timeout)
		return "--locks and --request-timeout exclude each other: waiting for a lock can take longer";
	/* An io_uring ring's thread serves all requests of its CPU: one that waits in SOURCE would
	   delay those of all users there. */
	if (fs->serve.mount.allow_other)
		fuse_prefer_dev(session);
	/* A ring cannot answer the request of a waiter later. */
	return fs->locks && !fuse_prefer_dev(session) ? "--locks needs --transport=dev" : NULL;
}

static bool find_id(const char *name, bool group, uint32_t *id)
{
	char text[80];
	struct user user;

	text_fmt(text, sizeof(text), "%s%s", group ? "0:" : "", name);
	if (user_find(text, &user) < 0)
		return false;
	*id = group ? user.gid : user.uid;
	return true;
}

static int passfs_main(char **argv)
{
	static struct passfs fs;	/* set here: defaults in .data would put the whole of it into the file */

	fs.timeout = -1;
	fs.view.find = find_id;
	fs.view.force_user = fs.view.force_group = -1;
	fs.set_ro = (struct opt_set) { set_ro, &fs.serve.mount };
	fs.set_cache = (struct opt_set) { set_cache, &fs.cache };
	fs.force_user = (struct opt_set) { passview_force_user, &fs.view };
	fs.force_group = (struct opt_set) { passview_force_group, &fs.view };
	fs.set_map = (struct opt_set) { passview_map, &fs.view };
	fs.set_perms = (struct opt_set) { passview_perms, &fs.view };
	fs.set_hide = (struct opt_set) { passview_hide, &fs.view };
	pass_ops.settle = settle;
	return serve_with(argv, options, &fs.serve, &pass_ops, &fs);
}

APPLET(passfs, "passfs", "usr/bin", "SOURCE MOUNTPOINT", "mirror a directory tree", options,
       SERVE_MORE("passfs -b /srv/data mnt"))

static int mount_passfs_main(char **argv)
{
	return serve_as_mount(argv, passfs_main);
}

APPLET(mount_passfs, "mount.passfs", "sbin", "SOURCE MOUNTPOINT", "passfs as mount(8) calls it", mount_args_options,
       MOUNT_MORE("passfs /srv/data"))
