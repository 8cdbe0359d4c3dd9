/* SPDX-License-Identifier: MIT */
/* fuse_kernel.h: the kernel's side of FUSE, protocol 7.45 (Linux 6.18).
 *
 * The numbers and structures of requests and replies, under the names in the
 * kernel's include/uapi/linux/fuse.h. fusebox has its own copy because Debian's
 * musl has no linux/ headers. tests/compat/abi.t compares every value with the
 * newest linux/fuse.h.
 *
 * "7.N" in a comment is the protocol version that introduced the item. Newer
 * versions append members to structures and use their padding: an older kernel
 * sends shorter structures, and a kernel accepts shorter ones from a server with
 * an older minor version. Numbers have the machine's byte order, and the layout
 * is the same for 32 and 64 bits.
 */
#ifndef FUSEBOX_FUSE_KERNEL_H
#define FUSEBOX_FUSE_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* ---- Version ---- */

/* Kernel and server send their versions at INIT, and then both use the lower minor. */
#define FUSE_KERNEL_VERSION		7
#define FUSE_KERNEL_MINOR_VERSION	45

#define FUSE_ROOT_ID			1

/* read(2) with a smaller buffer, or one too small for a WRITE of max_write, fails with EINVAL. */
#define FUSE_MIN_READ_BUFFER		8192

/* ---- INIT and its flags ---- */

/* The kernel offers flags, and the server returns those that it wants. flags2 holds the
   bits from 32 on, and is valid only with FUSE_INIT_EXT. */
#define FUSE_ASYNC_READ			(1u << 0)	/* several reads of a file at a time */
#define FUSE_POSIX_LOCKS		(1u << 1)	/* the server implements fcntl(2) locks */
#define FUSE_FILE_OPS			(1u << 2)	/* unused */
#define FUSE_ATOMIC_O_TRUNC		(1u << 3)	/* OPEN itself truncates */
#define FUSE_EXPORT_SUPPORT		(1u << 4)	/* LOOKUP accepts "." and ".." */
#define FUSE_BIG_WRITES			(1u << 5)	/* WRITE of more than a page */
#define FUSE_DONT_MASK			(1u << 6)	/* 7.12: the server applies the umask */
#define FUSE_SPLICE_WRITE		(1u << 7)	/* 7.14: splice(2) to the device… */
#define FUSE_SPLICE_MOVE		(1u << 8)	/* …moving the pages… */
#define FUSE_SPLICE_READ		(1u << 9)	/* …and from it */
#define FUSE_FLOCK_LOCKS		(1u << 10)	/* 7.17: the server implements flock(2) locks */
#define FUSE_HAS_IOCTL_DIR		(1u << 11)	/* 7.18: IOCTL on directories */
#define FUSE_AUTO_INVAL_DATA		(1u << 12)	/* 7.20: drop cached pages when mtime or size changes */
#define FUSE_DO_READDIRPLUS		(1u << 13)	/* 7.21 */
#define FUSE_READDIRPLUS_AUTO		(1u << 14)	/* READDIRPLUS only if lookups tend to follow */
#define FUSE_ASYNC_DIO			(1u << 15)	/* 7.22: direct i/o in parallel */
#define FUSE_WRITEBACK_CACHE		(1u << 16)	/* 7.23: write-back page cache */
#define FUSE_NO_OPEN_SUPPORT		(1u << 17)	/* ENOSYS to OPEN: the kernel sends no more OPENs */
#define FUSE_PARALLEL_DIROPS		(1u << 18)	/* 7.25: LOOKUP and READDIR in parallel */
#define FUSE_HANDLE_KILLPRIV		(1u << 19)	/* 7.26: the server clears set-id bits and capabilities */
#define FUSE_POSIX_ACL			(1u << 20)	/* the server stores ACLs, the kernel checks them */
#define FUSE_ABORT_ERROR		(1u << 21)	/* 7.27: after an abort read(2) fails with ECONNABORTED */
#define FUSE_MAX_PAGES			(1u << 22)	/* 7.28: max_pages is valid */
#define FUSE_CACHE_SYMLINKS		(1u << 23)
#define FUSE_NO_OPENDIR_SUPPORT		(1u << 24)	/* 7.29: ENOSYS to OPENDIR, likewise */
#define FUSE_EXPLICIT_INVAL_DATA	(1u << 25)	/* 7.30: drop cached pages only on a notification */
#define FUSE_MAP_ALIGNMENT		(1u << 26)	/* 7.31: map_alignment is valid (DAX) */
#define FUSE_SUBMOUNTS			(1u << 27)	/* 7.32: FUSE_ATTR_SUBMOUNT is valid */
#define FUSE_HANDLE_KILLPRIV_V2		(1u << 28)	/* 7.33: the same, if the request has a KILL flag */
#define FUSE_SETXATTR_EXT		(1u << 29)	/* the longer fuse_setxattr_in */
#define FUSE_INIT_EXT			(1u << 30)	/* 7.36: flags2 is valid */
#define FUSE_INIT_RESERVED		(1u << 31)	/* reserved */
#define FUSE_SECURITY_CTX		(1ULL << 32)	/* create requests include a security context */
#define FUSE_HAS_INODE_DAX		(1ULL << 33)	/* FUSE_ATTR_DAX is valid */
#define FUSE_CREATE_SUPP_GROUP		(1ULL << 34)	/* 7.38: create requests include a matching group */
#define FUSE_HAS_EXPIRE_ONLY		(1ULL << 35)	/* the kernel supports FUSE_EXPIRE_ONLY */
#define FUSE_DIRECT_IO_ALLOW_MMAP	(1ULL << 36)	/* 7.39: MAP_SHARED with FOPEN_DIRECT_IO */
#define FUSE_DIRECT_IO_RELAX		FUSE_DIRECT_IO_ALLOW_MMAP	/* the older name */
#define FUSE_PASSTHROUGH		(1ULL << 37)	/* 7.40: backing files */
#define FUSE_NO_EXPORT_SUPPORT		(1ULL << 38)	/* no file handles (NFS export) */
#define FUSE_HAS_RESEND			(1ULL << 39)	/* the kernel supports FUSE_NOTIFY_RESEND */
#define FUSE_ALLOW_IDMAP		(1ULL << 40)	/* 7.41: id-mapped mounts */
#define FUSE_OVER_IO_URING		(1ULL << 41)	/* 7.42 */
#define FUSE_REQUEST_TIMEOUT		(1ULL << 42)	/* 7.43: request_timeout is valid */

/* Before 7.36 the structure ends after flags. */
struct fuse_init_in {
	uint32_t major, minor, max_readahead, flags;
	uint32_t flags2;
	uint32_t unused[11];
};

struct fuse_init_out {
	uint32_t major, minor, max_readahead, flags;
	uint16_t max_background, congestion_threshold;	/* 7.13; 0: the kernel's choice */
	uint32_t max_write;
	uint32_t time_gran;		/* 7.23: nanoseconds */
	uint16_t max_pages;
	uint16_t map_alignment;		/* as a power of two */
	uint32_t flags2;
	uint32_t max_stack_depth;	/* 7.40: with FUSE_PASSTHROUGH */
	uint16_t request_timeout;	/* 7.43: seconds after which the kernel aborts the connection */
	uint16_t unused[11];
};

/* CUSE: a character device in user space. */
#define CUSE_UNRESTRICTED_IOCTL		(1u << 0)
#define CUSE_INIT_INFO_MAX		4096	/* bytes of "DEVNAME=…" that follow the reply */

struct cuse_init_in {
	uint32_t major, minor, unused, flags;
};

struct cuse_init_out {
	uint32_t major, minor, unused, flags;
	uint32_t max_read, max_write;
	uint32_t dev_major, dev_minor;
	uint32_t spare[10];
};

/* ---- Nodes ---- */

#define FUSE_ATTR_SUBMOUNT		(1u << 0)	/* 7.32: the root of another file system */
#define FUSE_ATTR_DAX			(1u << 1)	/* 7.36 */

struct fuse_attr {
	uint64_t ino, size;
	uint64_t blocks;		/* of 512 bytes */
	uint64_t atime, mtime, ctime;
	uint32_t atimensec, mtimensec, ctimensec;
	uint32_t mode, nlink, uid, gid, rdev;
	uint32_t blksize;
	uint32_t flags;			/* FUSE_ATTR_… */
};

/* 7.39: the layout of statx(2). */
struct fuse_sx_time {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t __reserved;
};

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

struct fuse_kstatfs {
	uint64_t blocks, bfree, bavail, files, ffree;
	uint32_t bsize, namelen, frsize;
	uint32_t padding;
	uint32_t spare[6];
};

struct fuse_file_lock {
	uint64_t start, end;		/* both inclusive */
	uint32_t type;			/* F_RDLCK, F_WRLCK, F_UNLCK */
	uint32_t pid;			/* of the process, not the thread */
};

/* ---- Requests ---- */

enum fuse_opcode {
	FUSE_LOOKUP		= 1,
	FUSE_FORGET		= 2,	/* never answered */
	FUSE_GETATTR		= 3,
	FUSE_SETATTR		= 4,
	FUSE_READLINK		= 5,
	FUSE_SYMLINK		= 6,
	FUSE_MKNOD		= 8,
	FUSE_MKDIR		= 9,
	FUSE_UNLINK		= 10,
	FUSE_RMDIR		= 11,
	FUSE_RENAME		= 12,
	FUSE_LINK		= 13,
	FUSE_OPEN		= 14,
	FUSE_READ		= 15,
	FUSE_WRITE		= 16,
	FUSE_STATFS		= 17,
	FUSE_RELEASE		= 18,
	FUSE_FSYNC		= 20,
	FUSE_SETXATTR		= 21,
	FUSE_GETXATTR		= 22,
	FUSE_LISTXATTR		= 23,
	FUSE_REMOVEXATTR	= 24,
	FUSE_FLUSH		= 25,
	FUSE_INIT		= 26,
	FUSE_OPENDIR		= 27,
	FUSE_READDIR		= 28,
	FUSE_RELEASEDIR		= 29,
	FUSE_FSYNCDIR		= 30,
	FUSE_GETLK		= 31,
	FUSE_SETLK		= 32,
	FUSE_SETLKW		= 33,
	FUSE_ACCESS		= 34,
	FUSE_CREATE		= 35,
	FUSE_INTERRUPT		= 36,	/* answered with EAGAIN or ENOSYS, or not */
	FUSE_BMAP		= 37,
	FUSE_DESTROY		= 38,
	FUSE_IOCTL		= 39,
	FUSE_POLL		= 40,
	FUSE_NOTIFY_REPLY	= 41,	/* 7.15: to FUSE_NOTIFY_RETRIEVE; not answered */
	FUSE_BATCH_FORGET	= 42,	/* 7.16: not answered */
	FUSE_FALLOCATE		= 43,	/* 7.19 */
	FUSE_READDIRPLUS	= 44,	/* 7.21 */
	FUSE_RENAME2		= 45,	/* 7.23 */
	FUSE_LSEEK		= 46,	/* 7.24: SEEK_HOLE and SEEK_DATA only */
	FUSE_COPY_FILE_RANGE	= 47,	/* 7.28 */
	FUSE_SETUPMAPPING	= 48,	/* 7.31: DAX, virtio only */
	FUSE_REMOVEMAPPING	= 49,
	FUSE_SYNCFS		= 50,	/* 7.34 */
	FUSE_TMPFILE		= 51,	/* 7.37: O_TMPFILE */
	FUSE_STATX		= 52,	/* 7.39 */
	FUSE_COPY_FILE_RANGE_64	= 53,	/* 7.45 */

	CUSE_INIT		= 4096,

	/* INIT from a machine of the other byte order. */
	CUSE_INIT_BSWAP_RESERVED = CUSE_INIT << 8,
	FUSE_INIT_BSWAP_RESERVED = FUSE_INIT << 24,
};

#define FUSE_UNIQUE_RESEND	(1ULL << 63)	/* 7.40, in unique: the kernel resends this request */
#define FUSE_INVALID_UIDGID	((uint32_t)-1)	/* 7.41: the caller has no id in this mount */

struct fuse_in_header {
	uint32_t len;			/* of all, this header included */
	uint32_t opcode;
	uint64_t unique;
	uint64_t nodeid;
	uint32_t uid, gid, pid;		/* pid 0: the caller is not in the server's pid namespace */
	uint16_t total_extlen;		/* 7.38: extensions at the end, in units of 8 bytes */
	uint16_t padding;
};

/* 7.36: extensions of the requests that create a node. A header whose type is at most
   FUSE_MAX_NR_SECCTX is a fuse_secctx_header, which has nr_secctx in the same place. */
enum fuse_ext_type {
	FUSE_MAX_NR_SECCTX	= 31,
	FUSE_EXT_GROUPS		= 32,	/* 7.38: struct fuse_supp_groups */
};

struct fuse_ext_header {
	uint32_t size;			/* this header included */
	uint32_t type;
};

struct fuse_secctx_header {
	uint32_t size, nr_secctx;
};

/* Then the attribute's name, NUL, and size bytes of its value. */
struct fuse_secctx {
	uint32_t size, padding;
};

struct fuse_supp_groups {
	uint32_t nr_groups;
	uint32_t groups[];
};

struct fuse_forget_in {
	uint64_t nlookup;
};

struct fuse_batch_forget_in {
	uint32_t count, dummy;
};

struct fuse_forget_one {
	uint64_t nodeid, nlookup;
};

#define FUSE_GETATTR_FH			(1u << 0)	/* fh is valid */

struct fuse_getattr_in {
	uint32_t getattr_flags, dummy;
	uint64_t fh;
};

struct fuse_statx_in {
	uint32_t getattr_flags, reserved;
	uint64_t fh;
	uint32_t sx_flags, sx_mask;
};

/* fuse_setattr_in.valid */
#define FATTR_MODE			(1u << 0)
#define FATTR_UID			(1u << 1)
#define FATTR_GID			(1u << 2)
#define FATTR_SIZE			(1u << 3)
#define FATTR_ATIME			(1u << 4)
#define FATTR_MTIME			(1u << 5)
#define FATTR_FH			(1u << 6)
#define FATTR_ATIME_NOW			(1u << 7)	/* together with FATTR_ATIME */
#define FATTR_MTIME_NOW			(1u << 8)
#define FATTR_LOCKOWNER			(1u << 9)
#define FATTR_CTIME			(1u << 10)	/* 7.23 */
#define FATTR_KILL_SUIDGID		(1u << 11)	/* 7.33 */

struct fuse_setattr_in {
	uint32_t valid, padding;
	uint64_t fh, size, lock_owner;
	uint64_t atime, mtime, ctime;
	uint32_t atimensec, mtimensec, ctimensec;
	uint32_t mode, unused4, uid, gid, unused5;
};

struct fuse_mknod_in {
	uint32_t mode, rdev, umask, padding;
};

struct fuse_mkdir_in {
	uint32_t mode, umask;
};

struct fuse_rename_in {
	uint64_t newdir;
};

struct fuse_rename2_in {
	uint64_t newdir;
	uint32_t flags, padding;	/* RENAME_NOREPLACE, … */
};

struct fuse_link_in {
	uint64_t oldnodeid;
};

#define FUSE_OPEN_KILL_SUIDGID		(1u << 0)	/* 7.33 */

struct fuse_open_in {
	uint32_t flags;			/* O_RDONLY, … */
	uint32_t open_flags;		/* FUSE_OPEN_… */
};

struct fuse_create_in {
	uint32_t flags, mode, umask, open_flags;
};

#define FUSE_RELEASE_FLUSH		(1u << 0)	/* includes a FLUSH */
#define FUSE_RELEASE_FLOCK_UNLOCK	(1u << 1)	/* 7.17 */

struct fuse_release_in {
	uint64_t fh;
	uint32_t flags, release_flags;
	uint64_t lock_owner;
};

struct fuse_flush_in {
	uint64_t fh;
	uint32_t unused, padding;
	uint64_t lock_owner;
};

#define FUSE_READ_LOCKOWNER		(1u << 1)	/* lock_owner is valid; there is no bit 0 */

/* READ, READDIR and READDIRPLUS. */
struct fuse_read_in {
	uint64_t fh, offset;
	uint32_t size, read_flags;
	uint64_t lock_owner;
	uint32_t flags, padding;
};

#define FUSE_WRITE_CACHE		(1u << 0)	/* write-back from the page cache: fh and pid are guesses */
#define FUSE_WRITE_LOCKOWNER		(1u << 1)
#define FUSE_WRITE_KILL_SUIDGID		(1u << 2)	/* 7.31 */
#define FUSE_WRITE_KILL_PRIV		FUSE_WRITE_KILL_SUIDGID	/* the older name */

struct fuse_write_in {
	uint64_t fh, offset;
	uint32_t size, write_flags;
	uint64_t lock_owner;
	uint32_t flags, padding;
};

#define FUSE_FSYNC_FDATASYNC		(1u << 0)

struct fuse_fsync_in {
	uint64_t fh;
	uint32_t fsync_flags, padding;
};

#define FUSE_SETXATTR_ACL_KILL_SGID	(1u << 0)	/* 7.33 */

/* Without FUSE_SETXATTR_EXT the size is FUSE_COMPAT_SETXATTR_IN_SIZE. */
struct fuse_setxattr_in {
	uint32_t size, flags;
	uint32_t setxattr_flags, padding;
};

struct fuse_getxattr_in {
	uint32_t size, padding;
};

#define FUSE_LK_FLOCK			(1u << 0)

struct fuse_lk_in {
	uint64_t fh, owner;
	struct fuse_file_lock lk;
	uint32_t lk_flags, padding;
};

struct fuse_access_in {
	uint32_t mask, padding;
};

struct fuse_interrupt_in {
	uint64_t unique;		/* the request to interrupt */
};

struct fuse_bmap_in {
	uint64_t block;
	uint32_t blocksize, padding;
};

#define FUSE_IOCTL_COMPAT		(1u << 0)	/* a 32-bit caller on a 64-bit kernel */
#define FUSE_IOCTL_UNRESTRICTED		(1u << 1)	/* CUSE: FUSE_IOCTL_RETRY is allowed */
#define FUSE_IOCTL_RETRY		(1u << 2)	/* in the reply: fetch these iovecs first */
#define FUSE_IOCTL_32BIT		(1u << 3)	/* 7.16 */
#define FUSE_IOCTL_DIR			(1u << 4)	/* 7.18 */
#define FUSE_IOCTL_COMPAT_X32		(1u << 5)	/* 7.30: its time_t has 64 bits */
#define FUSE_IOCTL_MAX_IOV		256		/* in_iovs and out_iovs together */

struct fuse_ioctl_in {
	uint64_t fh;
	uint32_t flags, cmd;
	uint64_t arg;
	uint32_t in_size, out_size;
};

#define FUSE_POLL_SCHEDULE_NOTIFY	(1u << 0)	/* FUSE_NOTIFY_POLL when it is ready */

struct fuse_poll_in {
	uint64_t fh, kh;
	uint32_t flags;
	uint32_t events;		/* 7.21 */
};

struct fuse_fallocate_in {
	uint64_t fh, offset, length;
	uint32_t mode, padding;
};

struct fuse_lseek_in {
	uint64_t fh, offset;
	uint32_t whence, padding;
};

struct fuse_copy_file_range_in {
	uint64_t fh_in, off_in;
	uint64_t nodeid_out, fh_out, off_out;
	uint64_t len, flags;
};

#define FUSE_SETUPMAPPING_FLAG_WRITE	(1ULL << 0)
#define FUSE_SETUPMAPPING_FLAG_READ	(1ULL << 1)

struct fuse_setupmapping_in {
	uint64_t fh, foffset, len, flags;
	uint64_t moffset;		/* in the window */
};

struct fuse_removemapping_in {
	uint32_t count;			/* of fuse_removemapping_one, which follow */
};

struct fuse_removemapping_one {
	uint64_t moffset, len;
};

/* The includer defines PAGE_SIZE. */
#define FUSE_REMOVEMAPPING_MAX_ENTRY	(PAGE_SIZE / sizeof(struct fuse_removemapping_one))

struct fuse_syncfs_in {
	uint64_t padding;
};

/* ---- Replies ---- */

struct fuse_out_header {
	uint32_t len;			/* of all, this header included */
	int32_t error;			/* 0 or -errno; in a notification its code, above 0 */
	uint64_t unique;		/* the request's; in a notification 0 */
};

/* LOOKUP and the requests that create a node. nodeid 0: a negative dentry, valid for entry_valid. */
struct fuse_entry_out {
	uint64_t nodeid;
	uint64_t generation;		/* a pair of nodeid and generation is never reused */
	uint64_t entry_valid;		/* seconds for which the kernel may cache the name */
	uint64_t attr_valid;		/* and the attributes */
	uint32_t entry_valid_nsec, attr_valid_nsec;
	struct fuse_attr attr;
};

/* GETATTR and SETATTR. */
struct fuse_attr_out {
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, dummy;
	struct fuse_attr attr;
};

struct fuse_statx_out {
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, flags;
	uint64_t spare[2];
	struct fuse_statx stat;
};

#define FOPEN_DIRECT_IO			(1u << 0)	/* bypass the page cache */
#define FOPEN_KEEP_CACHE		(1u << 1)	/* keep the cached pages */
#define FOPEN_NONSEEKABLE		(1u << 2)
#define FOPEN_CACHE_DIR			(1u << 3)	/* 7.28: READDIR may be cached */
#define FOPEN_STREAM			(1u << 4)	/* no file position */
#define FOPEN_NOFLUSH			(1u << 5)	/* 7.35: close(2) sends no FLUSH */
#define FOPEN_PARALLEL_DIRECT_WRITES	(1u << 6)	/* 7.38 */
#define FOPEN_PASSTHROUGH		(1u << 7)	/* 7.40: backing_id is valid */

/* OPEN, OPENDIR; CREATE and TMPFILE after a fuse_entry_out. */
struct fuse_open_out {
	uint64_t fh;
	uint32_t open_flags;		/* FOPEN_… */
	int32_t backing_id;		/* from FUSE_DEV_IOC_BACKING_OPEN */
};

/* WRITE and, until 7.45, COPY_FILE_RANGE: a length of 4 GiB does not fit. */
struct fuse_write_out {
	uint32_t size, padding;
};

struct fuse_copy_file_range_out {
	uint64_t bytes_copied;
};

struct fuse_statfs_out {
	struct fuse_kstatfs st;
};

/* The reply to a request with size 0: the size in bytes of the value. */
struct fuse_getxattr_out {
	uint32_t size, padding;
};

struct fuse_lk_out {
	struct fuse_file_lock lk;
};

struct fuse_bmap_out {
	uint64_t block;
};

struct fuse_ioctl_out {
	int32_t result;
	uint32_t flags;
	uint32_t in_iovs, out_iovs;
};

/* 7.16: after fuse_ioctl_out, with FUSE_IOCTL_RETRY. */
struct fuse_ioctl_iovec {
	uint64_t base, len;
};

struct fuse_poll_out {
	uint32_t revents, padding;
};

struct fuse_lseek_out {
	uint64_t offset;
};

/* ---- Directory entries ---- */

/* Each entry is padded to a multiple of 8 bytes; off is the offset of the next entry. */
struct fuse_dirent {
	uint64_t ino, off;
	uint32_t namelen, type;		/* type: the mode's upper four bits, DT_… */
	char name[];
};

__extension__ struct fuse_direntplus {	/* ISO C has no flexible array inside another structure */
	struct fuse_entry_out entry_out;
	struct fuse_dirent dirent;
};

#define FUSE_REC_ALIGN(size)		(((size) + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1))
#define FUSE_DIRENT_ALIGN(size)		FUSE_REC_ALIGN(size)
#define FUSE_NAME_OFFSET		offsetof(struct fuse_dirent, name)
#define FUSE_NAME_OFFSET_DIRENTPLUS	offsetof(struct fuse_direntplus, dirent.name)
#define FUSE_DIRENT_SIZE(entry)		FUSE_REC_ALIGN(FUSE_NAME_OFFSET + (entry)->namelen)
#define FUSE_DIRENTPLUS_SIZE(entry) \
	FUSE_REC_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + (entry)->dirent.namelen)

/* ---- Notifications from the server ---- */

/* In fuse_out_header.error, with unique 0. */
enum fuse_notify_code {
	FUSE_NOTIFY_POLL	= 1,
	FUSE_NOTIFY_INVAL_INODE	= 2,	/* 7.12 */
	FUSE_NOTIFY_INVAL_ENTRY	= 3,	/* 7.12 */
	FUSE_NOTIFY_STORE	= 4,	/* 7.15: put data into the page cache */
	FUSE_NOTIFY_RETRIEVE	= 5,	/* 7.15: the kernel sends cached data in FUSE_NOTIFY_REPLY */
	FUSE_NOTIFY_DELETE	= 6,	/* 7.18 */
	FUSE_NOTIFY_RESEND	= 7,	/* 7.40, no body: resend unanswered requests */
	FUSE_NOTIFY_INC_EPOCH	= 8,	/* 7.44, no body: invalidate all cached names */
	FUSE_NOTIFY_PRUNE	= 9,	/* 7.45: forget these nodes if they are unused */
};

struct fuse_notify_poll_wakeup_out {
	uint64_t kh;
};

struct fuse_notify_inval_inode_out {
	uint64_t ino;
	int64_t off, len;		/* off < 0: attributes only; len <= 0: to the end */
};

#define FUSE_EXPIRE_ONLY		(1u << 0)	/* 7.38: revalidate the dentry, do not drop it */

struct fuse_notify_inval_entry_out {
	uint64_t parent;
	uint32_t namelen, flags;
};

struct fuse_notify_delete_out {
	uint64_t parent, child;
	uint32_t namelen, padding;
};

struct fuse_notify_store_out {
	uint64_t nodeid, offset;
	uint32_t size, padding;
};

struct fuse_notify_retrieve_out {
	uint64_t notify_unique, nodeid, offset;
	uint32_t size, padding;
};

/* The body of FUSE_NOTIFY_REPLY: a fuse_write_in with most members unused. */
struct fuse_notify_retrieve_in {
	uint64_t dummy1, offset;
	uint32_t size, dummy2;
	uint64_t dummy3, dummy4;
};

/* Followed by count nodeids of 64 bits. */
struct fuse_notify_prune_out {
	uint32_t count, padding;
	uint64_t spare;
};

/* ---- FUSE over io_uring, 7.42 ---- */

#define FUSE_URING_IN_OUT_HEADER_SZ	128
#define FUSE_URING_OP_IN_OUT_SZ		128

enum fuse_uring_cmd {
	FUSE_IO_URING_CMD_INVALID		= 0,
	FUSE_IO_URING_CMD_REGISTER		= 1,	/* give the kernel a buffer; fetch a request */
	FUSE_IO_URING_CMD_COMMIT_AND_FETCH	= 2,	/* send the reply; fetch the next request */
};

/* In the 80 command bytes of a large SQE. */
struct fuse_uring_cmd_req {
	uint64_t flags;
	uint64_t commit_id;		/* from fuse_uring_ent_in_out; 0 for REGISTER */
	uint16_t qid;			/* the queue; each CPU has one */
	uint8_t padding[6];
};

struct fuse_uring_ent_in_out {
	uint64_t flags, commit_id;
	uint32_t payload_sz, padding;
	uint64_t reserved;
};

/* The first of an entry's two buffers; names and data are in the second. */
struct fuse_uring_req_header {
	char in_out[FUSE_URING_IN_OUT_HEADER_SZ];	/* fuse_in_header, fuse_out_header */
	char op_in[FUSE_URING_OP_IN_OUT_SZ];		/* fuse_…_in; replies go to the second */
	struct fuse_uring_ent_in_out ring_ent_in_out;
};

/* ---- ioctl(2) on /dev/fuse ---- */

struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};

#define FUSE_DEV_IOC_MAGIC		229
/* Attaches this descriptor to the connection of another one. */
#define FUSE_DEV_IOC_CLONE		_IOR(FUSE_DEV_IOC_MAGIC, 0, uint32_t)
/* 7.40: registers an open file for passthrough. */
#define FUSE_DEV_IOC_BACKING_OPEN	_IOW(FUSE_DEV_IOC_MAGIC, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE	_IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)
/* Linux 6.18: called before mount(2), which then waits for the reply to INIT. */
#define FUSE_DEV_IOC_SYNC_INIT		_IO(FUSE_DEV_IOC_MAGIC, 3)

/* ---- Sizes ---- */

/* The sizes of older versions of structures. */
#define FUSE_COMPAT_INIT_OUT_SIZE	8	/* until 7.4 */
#define FUSE_COMPAT_22_INIT_OUT_SIZE	24	/* until 7.22 */
#define FUSE_COMPAT_ENTRY_OUT_SIZE	120	/* until 7.8 */
#define FUSE_COMPAT_ATTR_OUT_SIZE	96	/* until 7.8 */
#define FUSE_COMPAT_WRITE_IN_SIZE	24	/* until 7.8 */
#define FUSE_COMPAT_STATFS_SIZE		48	/* until 7.3 */
#define FUSE_COMPAT_MKNOD_IN_SIZE	8	/* until 7.11 */
#define FUSE_COMPAT_SETXATTR_IN_SIZE	8	/* without FUSE_SETXATTR_EXT */

#define FUSE_IS(name, size) _Static_assert(sizeof(struct name) == (size), #name)
#define FUSE_AT(name, member, at) _Static_assert(offsetof(struct name, member) == (at), #name "." #member)

FUSE_IS(fuse_in_header, 40);
FUSE_AT(fuse_in_header, unique, 8);
FUSE_AT(fuse_in_header, nodeid, 16);
FUSE_AT(fuse_in_header, pid, 32);
FUSE_AT(fuse_in_header, total_extlen, 36);
FUSE_IS(fuse_out_header, 16);
FUSE_AT(fuse_out_header, error, 4);
FUSE_AT(fuse_out_header, unique, 8);

FUSE_IS(fuse_init_in, 64);
FUSE_AT(fuse_init_in, flags2, 16);
FUSE_IS(fuse_init_out, 64);
FUSE_AT(fuse_init_out, max_write, 20);
FUSE_AT(fuse_init_out, time_gran, FUSE_COMPAT_22_INIT_OUT_SIZE);
FUSE_AT(fuse_init_out, flags2, 32);
FUSE_AT(fuse_init_out, request_timeout, 40);
FUSE_IS(cuse_init_in, 16);
FUSE_IS(cuse_init_out, 72);

FUSE_IS(fuse_attr, 88);
FUSE_AT(fuse_attr, atime, 24);
FUSE_AT(fuse_attr, mode, 60);
FUSE_AT(fuse_attr, rdev, 76);
FUSE_AT(fuse_attr, flags, 84);
FUSE_IS(fuse_sx_time, 16);
FUSE_IS(fuse_statx, 256);
FUSE_AT(fuse_statx, ino, 32);
FUSE_AT(fuse_statx, atime, 64);
FUSE_AT(fuse_statx, rdev_major, 128);
FUSE_IS(fuse_kstatfs, 80);
FUSE_IS(fuse_file_lock, 24);

FUSE_IS(fuse_ext_header, 8);
FUSE_IS(fuse_secctx_header, 8);
FUSE_IS(fuse_secctx, 8);
FUSE_IS(fuse_supp_groups, 4);
FUSE_IS(fuse_forget_in, 8);
FUSE_IS(fuse_batch_forget_in, 8);
FUSE_IS(fuse_forget_one, 16);
FUSE_IS(fuse_getattr_in, 16);
FUSE_IS(fuse_statx_in, 24);
FUSE_IS(fuse_setattr_in, 88);
FUSE_AT(fuse_setattr_in, atime, 32);
FUSE_AT(fuse_setattr_in, mode, 68);
FUSE_IS(fuse_mknod_in, 16);
FUSE_IS(fuse_mkdir_in, 8);
FUSE_IS(fuse_rename_in, 8);
FUSE_IS(fuse_rename2_in, 16);
FUSE_IS(fuse_link_in, 8);
FUSE_IS(fuse_open_in, 8);
FUSE_IS(fuse_create_in, 16);
FUSE_IS(fuse_release_in, 24);
FUSE_IS(fuse_flush_in, 24);
FUSE_IS(fuse_read_in, 40);
FUSE_IS(fuse_write_in, 40);
FUSE_IS(fuse_fsync_in, 16);
FUSE_IS(fuse_setxattr_in, 16);
FUSE_IS(fuse_getxattr_in, 8);
FUSE_IS(fuse_lk_in, 48);
FUSE_IS(fuse_access_in, 8);
FUSE_IS(fuse_interrupt_in, 8);
FUSE_IS(fuse_bmap_in, 16);
FUSE_IS(fuse_ioctl_in, 32);
FUSE_IS(fuse_poll_in, 24);
FUSE_IS(fuse_fallocate_in, 32);
FUSE_IS(fuse_lseek_in, 24);
FUSE_IS(fuse_copy_file_range_in, 56);
FUSE_IS(fuse_setupmapping_in, 40);
FUSE_IS(fuse_removemapping_in, 4);
FUSE_IS(fuse_removemapping_one, 16);
FUSE_IS(fuse_syncfs_in, 8);

FUSE_IS(fuse_entry_out, 128);
FUSE_AT(fuse_entry_out, attr, 40);
FUSE_IS(fuse_attr_out, 104);
FUSE_AT(fuse_attr_out, attr, 16);
FUSE_IS(fuse_statx_out, 288);
FUSE_AT(fuse_statx_out, stat, 32);
FUSE_IS(fuse_open_out, 16);
FUSE_IS(fuse_write_out, 8);
FUSE_IS(fuse_copy_file_range_out, 8);
FUSE_IS(fuse_statfs_out, 80);
FUSE_IS(fuse_getxattr_out, 8);
FUSE_IS(fuse_lk_out, 24);
FUSE_IS(fuse_bmap_out, 8);
FUSE_IS(fuse_ioctl_out, 16);
FUSE_IS(fuse_ioctl_iovec, 16);
FUSE_IS(fuse_poll_out, 8);
FUSE_IS(fuse_lseek_out, 8);

FUSE_IS(fuse_dirent, 24);
FUSE_AT(fuse_dirent, name, 24);
FUSE_IS(fuse_direntplus, 152);
FUSE_AT(fuse_direntplus, dirent, 128);

FUSE_IS(fuse_notify_poll_wakeup_out, 8);
FUSE_IS(fuse_notify_inval_inode_out, 24);
FUSE_IS(fuse_notify_inval_entry_out, 16);
FUSE_IS(fuse_notify_delete_out, 24);
FUSE_IS(fuse_notify_store_out, 24);
FUSE_IS(fuse_notify_retrieve_out, 32);
FUSE_IS(fuse_notify_retrieve_in, sizeof(struct fuse_write_in));
FUSE_IS(fuse_notify_prune_out, 16);

FUSE_IS(fuse_uring_cmd_req, 24);
FUSE_IS(fuse_uring_ent_in_out, 32);
FUSE_IS(fuse_uring_req_header, 288);
FUSE_AT(fuse_uring_req_header, ring_ent_in_out, 256);
FUSE_IS(fuse_backing_map, 16);

#undef FUSE_IS
#undef FUSE_AT

#endif
