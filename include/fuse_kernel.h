/* fuse_kernel.h: the kernel's side of FUSE, protocol 7.45.
 *
 * What a request and a reply look like, as numbers and layouts; the names are
 * the kernel's own, so that what is known of them can be looked up. Debian's
 * musl has no linux/ headers, therefore ours. tests/compat/abi.t compares
 * every figure with the newest linux/fuse.h.
 */
#ifndef FUSEBOX_FUSE_KERNEL_H
#define FUSEBOX_FUSE_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define FUSE_KERNEL_VERSION 7
#define FUSE_KERNEL_MINOR_VERSION 45
#define FUSE_ROOT_ID 1

/* What SETATTR changes: fuse_setattr_in.valid. */
#define FATTR_MODE			1
#define FATTR_UID			2
#define FATTR_GID			4
#define FATTR_SIZE			8
#define FATTR_ATIME			0x10u
#define FATTR_MTIME			0x20u
#define FATTR_FH				0x40u
#define FATTR_ATIME_NOW			0x80u
#define FATTR_MTIME_NOW			0x100u
#define FATTR_LOCKOWNER			0x200u
#define FATTR_CTIME			0x400u
#define FATTR_KILL_SUIDGID		0x800u

/* How an open file behaves: fuse_open_out.open_flags. */
#define FOPEN_DIRECT_IO			1
#define FOPEN_KEEP_CACHE			2
#define FOPEN_NONSEEKABLE		4
#define FOPEN_CACHE_DIR			8
#define FOPEN_STREAM			0x10u
#define FOPEN_NOFLUSH			0x20u
#define FOPEN_PARALLEL_DIRECT_WRITES	0x40u
#define FOPEN_PASSTHROUGH		0x80u

/* Requests' own flags. */
#define CUSE_UNRESTRICTED_IOCTL		1
#define FUSE_RELEASE_FLUSH		1
#define FUSE_RELEASE_FLOCK_UNLOCK	2
#define FUSE_GETATTR_FH			1
#define FUSE_LK_FLOCK			1
#define FUSE_WRITE_CACHE			1
#define FUSE_WRITE_LOCKOWNER		2
#define FUSE_WRITE_KILL_SUIDGID		4
#define FUSE_WRITE_KILL_PRIV		4
#define FUSE_READ_LOCKOWNER		2
#define FUSE_IOCTL_COMPAT		1
#define FUSE_IOCTL_UNRESTRICTED		2
#define FUSE_IOCTL_RETRY			4
#define FUSE_IOCTL_32BIT			8
#define FUSE_IOCTL_DIR			0x10u
#define FUSE_IOCTL_COMPAT_X32		0x20u
#define FUSE_IOCTL_MAX_IOV		0x100u
#define FUSE_POLL_SCHEDULE_NOTIFY	1
#define FUSE_FSYNC_FDATASYNC		1
#define FUSE_ATTR_SUBMOUNT		1
#define FUSE_ATTR_DAX			2
#define FUSE_OPEN_KILL_SUIDGID		1
#define FUSE_SETXATTR_ACL_KILL_SGID	1
#define FUSE_EXPIRE_ONLY			1
#define CUSE_INIT_INFO_MAX		0x1000u
#define FUSE_SETUPMAPPING_FLAG_WRITE	1
#define FUSE_SETUPMAPPING_FLAG_READ	2

/* Sizes that older kernels use, and limits. */
#define FUSE_MAX_PAGES			0x400000u
#define FUSE_MIN_READ_BUFFER		0x2000u
#define FUSE_COMPAT_ENTRY_OUT_SIZE	120
#define FUSE_COMPAT_ATTR_OUT_SIZE	96
#define FUSE_COMPAT_MKNOD_IN_SIZE	8
#define FUSE_COMPAT_WRITE_IN_SIZE	24
#define FUSE_COMPAT_STATFS_SIZE		48
#define FUSE_COMPAT_SETXATTR_IN_SIZE	8
#define FUSE_COMPAT_INIT_OUT_SIZE	8
#define FUSE_COMPAT_22_INIT_OUT_SIZE	24
#define FUSE_URING_IN_OUT_HEADER_SZ	0x80u
#define FUSE_URING_OP_IN_OUT_SZ		0x80u

/* What the two sides can do: the flags of INIT. Those above bit 31 travel in
   flags2 and count only with FUSE_INIT_EXT. */
#define FUSE_ASYNC_READ			1
#define FUSE_POSIX_LOCKS			2
#define FUSE_FILE_OPS			4
#define FUSE_ATOMIC_O_TRUNC		8
#define FUSE_EXPORT_SUPPORT		0x10u
#define FUSE_BIG_WRITES			0x20u
#define FUSE_DONT_MASK			0x40u
#define FUSE_SPLICE_WRITE		0x80u
#define FUSE_SPLICE_MOVE			0x100u
#define FUSE_SPLICE_READ			0x200u
#define FUSE_FLOCK_LOCKS			0x400u
#define FUSE_HAS_IOCTL_DIR		0x800u
#define FUSE_AUTO_INVAL_DATA		0x1000u
#define FUSE_DO_READDIRPLUS		0x2000u
#define FUSE_READDIRPLUS_AUTO		0x4000u
#define FUSE_ASYNC_DIO			0x8000u
#define FUSE_WRITEBACK_CACHE		0x10000u
#define FUSE_NO_OPEN_SUPPORT		0x20000u
#define FUSE_PARALLEL_DIROPS		0x40000u
#define FUSE_HANDLE_KILLPRIV		0x80000u
#define FUSE_POSIX_ACL			0x100000u
#define FUSE_ABORT_ERROR			0x200000u
#define FUSE_CACHE_SYMLINKS		0x800000u
#define FUSE_NO_OPENDIR_SUPPORT		0x1000000u
#define FUSE_EXPLICIT_INVAL_DATA		0x2000000u
#define FUSE_MAP_ALIGNMENT		0x4000000u
#define FUSE_SUBMOUNTS			0x8000000u
#define FUSE_HANDLE_KILLPRIV_V2		0x10000000u
#define FUSE_SETXATTR_EXT		0x20000000u
#define FUSE_INIT_EXT			0x40000000u
#define FUSE_INIT_RESERVED		0x80000000u
#define FUSE_SECURITY_CTX		0x100000000ull
#define FUSE_HAS_INODE_DAX		0x200000000ull
#define FUSE_CREATE_SUPP_GROUP		0x400000000ull
#define FUSE_HAS_EXPIRE_ONLY		0x800000000ull
#define FUSE_DIRECT_IO_ALLOW_MMAP	0x1000000000ull
#define FUSE_PASSTHROUGH			0x2000000000ull
#define FUSE_NO_EXPORT_SUPPORT		0x4000000000ull
#define FUSE_HAS_RESEND			0x8000000000ull
#define FUSE_DIRECT_IO_RELAX		0x1000000000ull
#define FUSE_ALLOW_IDMAP			0x10000000000ull
#define FUSE_OVER_IO_URING		0x20000000000ull
#define FUSE_REQUEST_TIMEOUT		0x40000000000ull
#define FUSE_UNIQUE_RESEND		0x8000000000000000ull
#define FUSE_INVALID_UIDGID		4294967295

enum fuse_ext_type {
	FUSE_MAX_NR_SECCTX = 31, FUSE_EXT_GROUPS = 32,
};

enum fuse_opcode {
	FUSE_LOOKUP = 1, FUSE_FORGET = 2, FUSE_GETATTR = 3, FUSE_SETATTR = 4, FUSE_READLINK = 5,
	FUSE_SYMLINK = 6, FUSE_MKNOD = 8, FUSE_MKDIR = 9, FUSE_UNLINK = 10, FUSE_RMDIR = 11,
	FUSE_RENAME = 12, FUSE_LINK = 13, FUSE_OPEN = 14, FUSE_READ = 15, FUSE_WRITE = 16,
	FUSE_STATFS = 17, FUSE_RELEASE = 18, FUSE_FSYNC = 20, FUSE_SETXATTR = 21,
	FUSE_GETXATTR = 22, FUSE_LISTXATTR = 23, FUSE_REMOVEXATTR = 24, FUSE_FLUSH = 25,
	FUSE_INIT = 26, FUSE_OPENDIR = 27, FUSE_READDIR = 28, FUSE_RELEASEDIR = 29,
	FUSE_FSYNCDIR = 30, FUSE_GETLK = 31, FUSE_SETLK = 32, FUSE_SETLKW = 33,
	FUSE_ACCESS = 34, FUSE_CREATE = 35, FUSE_INTERRUPT = 36, FUSE_BMAP = 37,
	FUSE_DESTROY = 38, FUSE_IOCTL = 39, FUSE_POLL = 40, FUSE_NOTIFY_REPLY = 41,
	FUSE_BATCH_FORGET = 42, FUSE_FALLOCATE = 43, FUSE_READDIRPLUS = 44, FUSE_RENAME2 = 45,
	FUSE_LSEEK = 46, FUSE_COPY_FILE_RANGE = 47, FUSE_SETUPMAPPING = 48,
	FUSE_REMOVEMAPPING = 49, FUSE_SYNCFS = 50, FUSE_TMPFILE = 51, FUSE_STATX = 52,
	FUSE_COPY_FILE_RANGE_64 = 53, CUSE_INIT = 4096, CUSE_INIT_BSWAP_RESERVED = 1048576,
	FUSE_INIT_BSWAP_RESERVED = 436207616,
};

enum fuse_notify_code {
	FUSE_NOTIFY_POLL = 1, FUSE_NOTIFY_INVAL_INODE = 2, FUSE_NOTIFY_INVAL_ENTRY = 3,
	FUSE_NOTIFY_STORE = 4, FUSE_NOTIFY_RETRIEVE = 5, FUSE_NOTIFY_DELETE = 6,
	FUSE_NOTIFY_RESEND = 7, FUSE_NOTIFY_INC_EPOCH = 8, FUSE_NOTIFY_PRUNE = 9,
};

enum fuse_uring_cmd {
	FUSE_IO_URING_CMD_INVALID = 0, FUSE_IO_URING_CMD_REGISTER = 1,
	FUSE_IO_URING_CMD_COMMIT_AND_FETCH = 2,
};

struct fuse_attr {
	uint64_t ino, size, blocks, atime, mtime, ctime;
	uint32_t atimensec, mtimensec, ctimensec, mode, nlink, uid, gid, rdev;
	uint32_t blksize, flags;
};
_Static_assert(sizeof(struct fuse_attr) == 88, "fuse_attr");

struct fuse_sx_time {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t __reserved;
};
_Static_assert(sizeof(struct fuse_sx_time) == 16, "fuse_sx_time");

struct fuse_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode;
	uint16_t __spare0[1];
	uint64_t ino, size, blocks, attributes_mask;
	struct fuse_sx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t __spare2[14];
};
_Static_assert(sizeof(struct fuse_statx) == 256, "fuse_statx");

struct fuse_kstatfs {
	uint64_t blocks, bfree, bavail, files, ffree;
	uint32_t bsize, namelen, frsize, padding;
	uint32_t spare[6];
};
_Static_assert(sizeof(struct fuse_kstatfs) == 80, "fuse_kstatfs");

struct fuse_file_lock {
	uint64_t start, end;
	uint32_t type, pid;
};
_Static_assert(sizeof(struct fuse_file_lock) == 24, "fuse_file_lock");

struct fuse_entry_out {
	uint64_t nodeid, generation, entry_valid, attr_valid;
	uint32_t entry_valid_nsec, attr_valid_nsec;
	struct fuse_attr attr;
};
_Static_assert(sizeof(struct fuse_entry_out) == 128, "fuse_entry_out");

struct fuse_forget_in {
	uint64_t nlookup;
};
_Static_assert(sizeof(struct fuse_forget_in) == 8, "fuse_forget_in");

struct fuse_forget_one {
	uint64_t nodeid, nlookup;
};
_Static_assert(sizeof(struct fuse_forget_one) == 16, "fuse_forget_one");

struct fuse_batch_forget_in {
	uint32_t count, dummy;
};
_Static_assert(sizeof(struct fuse_batch_forget_in) == 8, "fuse_batch_forget_in");

struct fuse_getattr_in {
	uint32_t getattr_flags, dummy;
	uint64_t fh;
};
_Static_assert(sizeof(struct fuse_getattr_in) == 16, "fuse_getattr_in");

struct fuse_attr_out {
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, dummy;
	struct fuse_attr attr;
};
_Static_assert(sizeof(struct fuse_attr_out) == 104, "fuse_attr_out");

struct fuse_statx_in {
	uint32_t getattr_flags, reserved;
	uint64_t fh;
	uint32_t sx_flags, sx_mask;
};
_Static_assert(sizeof(struct fuse_statx_in) == 24, "fuse_statx_in");

struct fuse_statx_out {
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, flags;
	uint64_t spare[2];
	struct fuse_statx stat;
};
_Static_assert(sizeof(struct fuse_statx_out) == 288, "fuse_statx_out");

struct fuse_mknod_in {
	uint32_t mode, rdev, umask, padding;
};
_Static_assert(sizeof(struct fuse_mknod_in) == 16, "fuse_mknod_in");

struct fuse_mkdir_in {
	uint32_t mode, umask;
};
_Static_assert(sizeof(struct fuse_mkdir_in) == 8, "fuse_mkdir_in");

struct fuse_rename_in {
	uint64_t newdir;
};
_Static_assert(sizeof(struct fuse_rename_in) == 8, "fuse_rename_in");

struct fuse_rename2_in {
	uint64_t newdir;
	uint32_t flags, padding;
};
_Static_assert(sizeof(struct fuse_rename2_in) == 16, "fuse_rename2_in");

struct fuse_link_in {
	uint64_t oldnodeid;
};
_Static_assert(sizeof(struct fuse_link_in) == 8, "fuse_link_in");

struct fuse_setattr_in {
	uint32_t valid, padding;
	uint64_t fh, size, lock_owner, atime, mtime, ctime;
	uint32_t atimensec, mtimensec, ctimensec, mode, unused4, uid, gid, unused5;
};
_Static_assert(sizeof(struct fuse_setattr_in) == 88, "fuse_setattr_in");

struct fuse_open_in {
	uint32_t flags, open_flags;
};
_Static_assert(sizeof(struct fuse_open_in) == 8, "fuse_open_in");

struct fuse_create_in {
	uint32_t flags, mode, umask, open_flags;
};
_Static_assert(sizeof(struct fuse_create_in) == 16, "fuse_create_in");

struct fuse_open_out {
	uint64_t fh;
	uint32_t open_flags;
	int32_t backing_id;
};
_Static_assert(sizeof(struct fuse_open_out) == 16, "fuse_open_out");

struct fuse_release_in {
	uint64_t fh;
	uint32_t flags, release_flags;
	uint64_t lock_owner;
};
_Static_assert(sizeof(struct fuse_release_in) == 24, "fuse_release_in");

struct fuse_flush_in {
	uint64_t fh;
	uint32_t unused, padding;
	uint64_t lock_owner;
};
_Static_assert(sizeof(struct fuse_flush_in) == 24, "fuse_flush_in");

struct fuse_read_in {
	uint64_t fh, offset;
	uint32_t size, read_flags;
	uint64_t lock_owner;
	uint32_t flags, padding;
};
_Static_assert(sizeof(struct fuse_read_in) == 40, "fuse_read_in");

struct fuse_write_in {
	uint64_t fh, offset;
	uint32_t size, write_flags;
	uint64_t lock_owner;
	uint32_t flags, padding;
};
_Static_assert(sizeof(struct fuse_write_in) == 40, "fuse_write_in");

struct fuse_write_out {
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_write_out) == 8, "fuse_write_out");

struct fuse_statfs_out {
	struct fuse_kstatfs st;
};
_Static_assert(sizeof(struct fuse_statfs_out) == 80, "fuse_statfs_out");

struct fuse_fsync_in {
	uint64_t fh;
	uint32_t fsync_flags, padding;
};
_Static_assert(sizeof(struct fuse_fsync_in) == 16, "fuse_fsync_in");

struct fuse_setxattr_in {
	uint32_t size, flags, setxattr_flags, padding;
};
_Static_assert(sizeof(struct fuse_setxattr_in) == 16, "fuse_setxattr_in");

struct fuse_getxattr_in {
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_getxattr_in) == 8, "fuse_getxattr_in");

struct fuse_getxattr_out {
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_getxattr_out) == 8, "fuse_getxattr_out");

struct fuse_lk_in {
	uint64_t fh, owner;
	struct fuse_file_lock lk;
	uint32_t lk_flags, padding;
};
_Static_assert(sizeof(struct fuse_lk_in) == 48, "fuse_lk_in");

struct fuse_lk_out {
	struct fuse_file_lock lk;
};
_Static_assert(sizeof(struct fuse_lk_out) == 24, "fuse_lk_out");

struct fuse_access_in {
	uint32_t mask, padding;
};
_Static_assert(sizeof(struct fuse_access_in) == 8, "fuse_access_in");

struct fuse_init_in {
	uint32_t major, minor, max_readahead, flags, flags2;
	uint32_t unused[11];
};
_Static_assert(sizeof(struct fuse_init_in) == 64, "fuse_init_in");

struct fuse_init_out {
	uint32_t major, minor, max_readahead, flags;
	uint16_t max_background, congestion_threshold;
	uint32_t max_write, time_gran;
	uint16_t max_pages, map_alignment;
	uint32_t flags2, max_stack_depth;
	uint16_t request_timeout;
	uint16_t unused[11];
};
_Static_assert(sizeof(struct fuse_init_out) == 64, "fuse_init_out");

struct cuse_init_in {
	uint32_t major, minor, unused, flags;
};
_Static_assert(sizeof(struct cuse_init_in) == 16, "cuse_init_in");

struct cuse_init_out {
	uint32_t major, minor, unused, flags, max_read, max_write, dev_major, dev_minor;
	uint32_t spare[10];
};
_Static_assert(sizeof(struct cuse_init_out) == 72, "cuse_init_out");

struct fuse_interrupt_in {
	uint64_t unique;
};
_Static_assert(sizeof(struct fuse_interrupt_in) == 8, "fuse_interrupt_in");

struct fuse_bmap_in {
	uint64_t block;
	uint32_t blocksize, padding;
};
_Static_assert(sizeof(struct fuse_bmap_in) == 16, "fuse_bmap_in");

struct fuse_bmap_out {
	uint64_t block;
};
_Static_assert(sizeof(struct fuse_bmap_out) == 8, "fuse_bmap_out");

struct fuse_ioctl_in {
	uint64_t fh;
	uint32_t flags, cmd;
	uint64_t arg;
	uint32_t in_size, out_size;
};
_Static_assert(sizeof(struct fuse_ioctl_in) == 32, "fuse_ioctl_in");

struct fuse_ioctl_iovec {
	uint64_t base, len;
};
_Static_assert(sizeof(struct fuse_ioctl_iovec) == 16, "fuse_ioctl_iovec");

struct fuse_ioctl_out {
	int32_t result;
	uint32_t flags, in_iovs, out_iovs;
};
_Static_assert(sizeof(struct fuse_ioctl_out) == 16, "fuse_ioctl_out");

struct fuse_poll_in {
	uint64_t fh, kh;
	uint32_t flags, events;
};
_Static_assert(sizeof(struct fuse_poll_in) == 24, "fuse_poll_in");

struct fuse_poll_out {
	uint32_t revents, padding;
};
_Static_assert(sizeof(struct fuse_poll_out) == 8, "fuse_poll_out");

struct fuse_notify_poll_wakeup_out {
	uint64_t kh;
};
_Static_assert(sizeof(struct fuse_notify_poll_wakeup_out) == 8, "fuse_notify_poll_wakeup_out");

struct fuse_fallocate_in {
	uint64_t fh, offset, length;
	uint32_t mode, padding;
};
_Static_assert(sizeof(struct fuse_fallocate_in) == 32, "fuse_fallocate_in");

struct fuse_in_header {
	uint32_t len, opcode;
	uint64_t unique, nodeid;
	uint32_t uid, gid, pid;
	uint16_t total_extlen, padding;
};
_Static_assert(sizeof(struct fuse_in_header) == 40, "fuse_in_header");

struct fuse_out_header {
	uint32_t len;
	int32_t error;
	uint64_t unique;
};
_Static_assert(sizeof(struct fuse_out_header) == 16, "fuse_out_header");

struct fuse_dirent {
	uint64_t ino, off;
	uint32_t namelen, type;
	char name[];
};
_Static_assert(sizeof(struct fuse_dirent) == 24, "fuse_dirent");

struct fuse_direntplus {
	struct fuse_entry_out entry_out;
	struct fuse_dirent dirent;
};
_Static_assert(sizeof(struct fuse_direntplus) == 152, "fuse_direntplus");

struct fuse_notify_inval_inode_out {
	uint64_t ino;
	int64_t off, len;
};
_Static_assert(sizeof(struct fuse_notify_inval_inode_out) == 24, "fuse_notify_inval_inode_out");

struct fuse_notify_inval_entry_out {
	uint64_t parent;
	uint32_t namelen, flags;
};
_Static_assert(sizeof(struct fuse_notify_inval_entry_out) == 16, "fuse_notify_inval_entry_out");

struct fuse_notify_delete_out {
	uint64_t parent, child;
	uint32_t namelen, padding;
};
_Static_assert(sizeof(struct fuse_notify_delete_out) == 24, "fuse_notify_delete_out");

struct fuse_notify_store_out {
	uint64_t nodeid, offset;
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_notify_store_out) == 24, "fuse_notify_store_out");

struct fuse_notify_retrieve_out {
	uint64_t notify_unique, nodeid, offset;
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_notify_retrieve_out) == 32, "fuse_notify_retrieve_out");

struct fuse_notify_retrieve_in {
	uint64_t dummy1, offset;
	uint32_t size, dummy2;
	uint64_t dummy3, dummy4;
};
_Static_assert(sizeof(struct fuse_notify_retrieve_in) == 40, "fuse_notify_retrieve_in");

struct fuse_notify_prune_out {
	uint32_t count, padding;
	uint64_t spare;
};
_Static_assert(sizeof(struct fuse_notify_prune_out) == 16, "fuse_notify_prune_out");

struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
_Static_assert(sizeof(struct fuse_backing_map) == 16, "fuse_backing_map");

struct fuse_lseek_in {
	uint64_t fh, offset;
	uint32_t whence, padding;
};
_Static_assert(sizeof(struct fuse_lseek_in) == 24, "fuse_lseek_in");

struct fuse_lseek_out {
	uint64_t offset;
};
_Static_assert(sizeof(struct fuse_lseek_out) == 8, "fuse_lseek_out");

struct fuse_copy_file_range_in {
	uint64_t fh_in, off_in, nodeid_out, fh_out, off_out, len, flags;
};
_Static_assert(sizeof(struct fuse_copy_file_range_in) == 56, "fuse_copy_file_range_in");

struct fuse_copy_file_range_out {
	uint64_t bytes_copied;
};
_Static_assert(sizeof(struct fuse_copy_file_range_out) == 8, "fuse_copy_file_range_out");

struct fuse_setupmapping_in {
	uint64_t fh, foffset, len, flags, moffset;
};
_Static_assert(sizeof(struct fuse_setupmapping_in) == 40, "fuse_setupmapping_in");

struct fuse_removemapping_in {
	uint32_t count;
};
_Static_assert(sizeof(struct fuse_removemapping_in) == 4, "fuse_removemapping_in");

struct fuse_removemapping_one {
	uint64_t moffset, len;
};
_Static_assert(sizeof(struct fuse_removemapping_one) == 16, "fuse_removemapping_one");

struct fuse_syncfs_in {
	uint64_t padding;
};
_Static_assert(sizeof(struct fuse_syncfs_in) == 8, "fuse_syncfs_in");

struct fuse_secctx {
	uint32_t size, padding;
};
_Static_assert(sizeof(struct fuse_secctx) == 8, "fuse_secctx");

struct fuse_secctx_header {
	uint32_t size, nr_secctx;
};
_Static_assert(sizeof(struct fuse_secctx_header) == 8, "fuse_secctx_header");

struct fuse_ext_header {
	uint32_t size, type;
};
_Static_assert(sizeof(struct fuse_ext_header) == 8, "fuse_ext_header");

struct fuse_supp_groups {
	uint32_t nr_groups;
	uint32_t groups[];
};
_Static_assert(sizeof(struct fuse_supp_groups) == 4, "fuse_supp_groups");

struct fuse_uring_ent_in_out {
	uint64_t flags, commit_id;
	uint32_t payload_sz, padding;
	uint64_t reserved;
};
_Static_assert(sizeof(struct fuse_uring_ent_in_out) == 32, "fuse_uring_ent_in_out");

struct fuse_uring_req_header {
	char in_out[FUSE_URING_IN_OUT_HEADER_SZ];
	char op_in[FUSE_URING_OP_IN_OUT_SZ];
	struct fuse_uring_ent_in_out ring_ent_in_out;
};
_Static_assert(sizeof(struct fuse_uring_req_header) == 288, "fuse_uring_req_header");

struct fuse_uring_cmd_req {
	uint64_t flags, commit_id;
	uint16_t qid;
	uint8_t padding[6];
};
_Static_assert(sizeof(struct fuse_uring_cmd_req) == 24, "fuse_uring_cmd_req");

/* Directory entries are laid out one after another, aligned to 8. */
#define FUSE_REC_ALIGN(size) (((size) + 7) & ~(size_t)7)
#define FUSE_DIRENT_ALIGN(size) FUSE_REC_ALIGN(size)
#define FUSE_NAME_OFFSET offsetof(struct fuse_dirent, name)
#define FUSE_NAME_OFFSET_DIRENTPLUS offsetof(struct fuse_direntplus, dirent.name)
#define FUSE_DIRENT_SIZE(entry) FUSE_REC_ALIGN(FUSE_NAME_OFFSET + (entry)->namelen)
#define FUSE_DIRENTPLUS_SIZE(entry) \
	FUSE_REC_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + (entry)->dirent.namelen)

/* What a /dev/fuse descriptor takes by ioctl(2). */
#define FUSE_DEV_IOC_MAGIC 229
#define FUSE_DEV_IOC_CLONE _IOR(FUSE_DEV_IOC_MAGIC, 0, uint32_t)
#define FUSE_DEV_IOC_BACKING_OPEN _IOW(FUSE_DEV_IOC_MAGIC, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)
#define FUSE_DEV_IOC_SYNC_INIT _IO(FUSE_DEV_IOC_MAGIC, 3)

#endif
