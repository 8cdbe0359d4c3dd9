/* fuse_fs.h: what the author of a file system includes.
 *
 * A file system is a struct fuse_ops: one function for each thing that it can
 * do, called with a request that is decoded and checked. Each returns 0, having
 * put its reply together with one of the functions below, or -errno, which the
 * caller of open(2), read(2), … will see. What is left out (NULL) answers as
 * the kernel expects of a file system that does not have it. applets/hellofs.c
 * is the smallest example.
 *
 * A node is a number that the file system gives to a file or directory;
 * FUSE_ROOT_ID is its root. Names are without "/" and end in NUL. Pointers in
 * a request are good until the operation returns; data that a reply points to
 * must stay until the next request.
 *
 * The protocol: fuse(4), and the comments in the kernel's include/uapi/linux/fuse.h.
 */
#ifndef FUSEBOX_FUSE_FS_H
#define FUSEBOX_FUSE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse_kernel.h"

struct fuse_session;

/* The answer, as it goes to the kernel: header and body, then data. */
struct fuse_reply {
	struct fuse_out_header header;
	union {
		struct fuse_attr_out attr;
		struct { struct fuse_entry_out entry; struct fuse_open_out open; } entry;
		struct fuse_open_out open;
		struct fuse_write_out size;
		struct fuse_statfs_out statfs;
		struct fuse_statx_out statx;
		struct fuse_lk_out lock;
		struct fuse_lseek_out lseek;
		struct fuse_poll_out poll;
		struct fuse_ioctl_out ioctl;
		struct fuse_bmap_out bmap;
		struct fuse_init_out init;
	} body;
	uint32_t body_size;	/* bytes of body that count */
	uint32_t data_size;
	const void *data;	/* what follows the body */
};

struct fuse_req {
	struct fuse_session *session;
	int device;		/* where it came from: /dev/fuse, or a clone of it */
	const struct fuse_in_header *in;	/* opcode, unique, node, uid, gid, pid */
	const void *arg;	/* the structure of this opcode, such as struct fuse_read_in */
	const char *name[2];	/* the names that follow it */
	const void *data;	/* and the data after those: of WRITE, SETXATTR, IOCTL … */
	uint32_t data_size;
	uint32_t ext_size;	/* extensions (FUSE_INIT_EXT: security context, groups) */
	const void *ext;
	char *space;		/* room for a reply's data, space_size bytes */
	uint32_t space_size;
	uint32_t wanted;	/* READDIR: how many bytes the kernel takes */
	uint32_t generation;	/* of the node in the reply, 0 unless set: another one for another file */
	bool brief;		/* the kernel may not keep the attributes in the reply at all */
	struct fuse_reply reply;
};

/* What serve() was given as the file system's own; the INIT flags that were agreed on; and
   /dev/fuse, for its ioctls. */
void *fuse_fs(const struct fuse_req *req);
uint64_t fuse_agreed(const struct fuse_req *req);
int fuse_device(const struct fuse_req *req);

/* The same of a session: the file system's own, and the protocol agreed on, 7.minor. */
void *fuse_session_fs(const struct fuse_session *session);
uint32_t fuse_session_minor(const struct fuse_session *session);

/* In settle(): requests come by /dev/fuse, unless the user has chosen. False: the user has
   chosen io_uring. */
bool fuse_prefer_dev(struct fuse_session *session);

/* An operation returns FUSE_LATER when it cannot answer yet; fuse_answer() then does, once,
   with 0 or -errno, from any thread, to the device that the request came from. Only where
   requests come by /dev/fuse. */
enum { FUSE_LATER = 1 };
void fuse_answer(int device, uint64_t unique, int err);

/* Tells the kernel something unasked (FUSE_NOTIFY_*), with that code's structure and what
   follows it. 0, or -errno of the kernel, which may have to wait for other requests. */
int fuse_notify(struct fuse_session *session, int code, const void *what, size_t size);

/* Whether a device (major << 32 | minor) is this file system itself: who serves it must
   not ask it anything, since nobody else would answer. */
bool fuse_is_own(const struct fuse_req *req, uint64_t device);

#define FUSE_FOREVER UINT32_MAX

struct fuse_ops {
	/* Nothing here ever changes. The kernel may keep everything it has seen;
	   mounted read-only with default_permissions unless the user insists. */
	bool immutable;
	/* The kernel checks permissions by the attributes (default_permissions), where
	   others than the owner of the mount are let in (allow_other). */
	bool kernel_checks;
	/* How long, in milliseconds, the kernel may keep names and attributes.
	   Immutable file systems need not say: FUSE_FOREVER. */
	uint32_t timeout;
	/* How many threads may call these operations at once; 0: one. */
	uint32_t threads;
	/* INIT flags to ask for, beside those that follow from the operations. */
	uint64_t want;
	/* With FUSE_PASSTHROUGH: how many file systems may be stacked below this one, and
	   this one: 1, or 2 above an overlay. */
	uint32_t backing_depth;
	/* The largest WRITE, in bytes; 0: 128 KiB if there is a write, else 4096. */
	uint32_t max_write;

	/* The capabilities that the server goes on with after mounting, as bits of
	   capabilities(7); all others it gives up. 0: none. */
	uint64_t capabilities;
	/* Of --sandbox, called once: the directory that is all there is of files; it comes as
	   an O_PATH descriptor. NULL: no files. */
	int (*sandbox)(void *fs);

	/* With several threads: on which file system, of those below this one, a node is; 0: on the
	   one that most are on. Requests for one of the others wait for each other only, and not
	   all threads serve them: see share.h. NULL: all are on one. Asks nobody. */
	uint64_t (*place)(void *fs, uint64_t node);

	/* Called in each thread before its first request, and in the first one before there are others. */
	void (*thread_starts)(void);
	/* Called when the options are read: NULL, or what is wrong with them. */
	const char *(*settle)(void *fs, struct fuse_session *session);
	/* Called once, before the mount, with SOURCE of the command line (NULL: none). */
	int (*prepare)(void *fs, const char *source);
	/* Called once, after the mount and before the first request: relative paths of the
	   command line are done with, and the working directory is the file system's own. */
	void (*mounted)(void);

	/* A node's attributes: for GETATTR, and for every reply that has them. */
	int (*attr)(struct fuse_req *req, uint64_t node, struct fuse_attr *attr);
	int (*statx)(struct fuse_req *req, uint64_t node, const struct fuse_statx_in *in,
		     struct fuse_statx *stat);
	int (*setattr)(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);

	/* Names: reply with fuse_entry. Each entry replied counts one lookup of
	   its node, until forget takes `count` of them back. */
	int (*lookup)(struct fuse_req *req, uint64_t parent, const char *name);
	void (*forget)(struct fuse_req *req, uint64_t node, uint64_t count);
	int (*mknod)(struct fuse_req *req, uint64_t parent, const char *name,
		     const struct fuse_mknod_in *in);
	int (*mkdir)(struct fuse_req *req, uint64_t parent, const char *name,
		     const struct fuse_mkdir_in *in);
	int (*symlink)(struct fuse_req *req, uint64_t parent, const char *name, const char *target);
	int (*link)(struct fuse_req *req, uint64_t node, uint64_t parent, const char *name);
	int (*unlink)(struct fuse_req *req, uint64_t parent, const char *name);
	int (*rmdir)(struct fuse_req *req, uint64_t parent, const char *name);
	int (*rename)(struct fuse_req *req, uint64_t parent, const char *name,
		      uint64_t new_parent, const char *new_name, uint32_t flags);
	int (*readlink)(struct fuse_req *req, uint64_t node);	/* reply with fuse_data */

	/* Files: open and create reply with fuse_opened (create after fuse_entry). */
	int (*open)(struct fuse_req *req, uint64_t node, uint32_t flags);
	int (*create)(struct fuse_req *req, uint64_t parent, const char *name,
		      const struct fuse_create_in *in);
	int (*tmpfile)(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in);
	int (*read)(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size);
	int (*write)(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in);
	int (*flush)(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in);
	int (*fsync)(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);
	int (*release)(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
	int (*fallocate)(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in);
	int (*lseek)(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in);
	int (*copy_file_range)(struct fuse_req *req, uint64_t node,
			       const struct fuse_copy_file_range_in *in);
	int (*bmap)(struct fuse_req *req, uint64_t node, const struct fuse_bmap_in *in);
	int (*ioctl)(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in);
	int (*poll)(struct fuse_req *req, uint64_t node, const struct fuse_poll_in *in);
	int (*getlk)(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in);
	int (*setlk)(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait);

	/* Directories: readdir adds entries with fuse_dirent, from where the
	   entry with the number `offset` ended (0: the start). */
	int (*opendir)(struct fuse_req *req, uint64_t node, uint32_t flags);
	int (*readdir)(struct fuse_req *req, uint64_t node, uint64_t offset);
	int (*releasedir)(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
	int (*fsyncdir)(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);

	/* Extended attributes: reply with fuse_xattr. */
	int (*getxattr)(struct fuse_req *req, uint64_t node, const char *name, uint32_t size);
	int (*listxattr)(struct fuse_req *req, uint64_t node, uint32_t size);
	int (*setxattr)(struct fuse_req *req, uint64_t node, const char *name,
			const struct fuse_setxattr_in *in);
	int (*removexattr)(struct fuse_req *req, uint64_t node, const char *name);

	/* The whole. */
	int (*statfs)(struct fuse_req *req, uint64_t node, struct fuse_kstatfs *stat);
	int (*syncfs)(struct fuse_req *req);
	int (*access)(struct fuse_req *req, uint64_t node, uint32_t mask);
	void (*interrupt)(struct fuse_req *req, uint64_t unique);
	void (*notify_reply)(struct fuse_req *req, const struct fuse_notify_retrieve_in *in);
	void (*destroy)(struct fuse_session *session);
};

/* Attributes of a directory or a file: permissions, links, size; owned by
   root, times at the epoch. They return 0. */
int fuse_dir(struct fuse_attr *attr, uint64_t node, uint32_t permissions);
int fuse_file(struct fuse_attr *attr, uint64_t node, uint32_t permissions, uint64_t size);

/* The reply "this name is that node", with the attributes that attr tells. */
int fuse_entry(struct fuse_req *req, uint64_t node);

/* The reply "opened": a handle that comes back in later requests, and FOPEN_*; and the
   same for a file that the kernel reads and writes by itself (FUSE_DEV_IOC_BACKING_OPEN). */
int fuse_opened(struct fuse_req *req, uint64_t handle, uint32_t flags);
int fuse_opened_backed(struct fuse_req *req, uint64_t handle, int32_t backing, uint32_t flags);

/* The reply to a read: size bytes from offset of the len bytes at data. */
int fuse_bytes(struct fuse_req *req, const void *data, size_t len, uint64_t offset, size_t size);

/* The reply that is these bytes, and the one that is a count of bytes. */
int fuse_data(struct fuse_req *req, const void *data, size_t size);
int fuse_size(struct fuse_req *req, uint32_t size);

/* The reply to getxattr and listxattr: the value, or its size if asked for
   size 0; -ERANGE when it does not fit. */
int fuse_xattr(struct fuse_req *req, const void *value, size_t len, uint32_t size);

/* Adds one entry to a readdir reply; next is the number to go on from. False
   when it does not fit: return 0 then. With READDIRPLUS the attributes come
   along by attr, which counts as a lookup ("." and ".." do not). */
bool fuse_dirent(struct fuse_req *req, uint64_t node, uint32_t type, const char *name,
		 uint64_t next);

/* Both where the attributes are at hand already. Without them (NULL) the entry of a
   directory is no lookup; its inode number is not the node. */
int fuse_entry_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr);
bool fuse_dirent_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr, uint64_t ino,
		    uint32_t type, const char *name, uint64_t next);

/* Whether a name is "." or "..". */
bool fuse_is_dots(const char *name);

#endif
