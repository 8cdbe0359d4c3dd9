/* SPDX-License-Identifier: MIT */
/* fuse_fs.h: the interface between a file system and its server.
 *
 * A file system is a struct fuse_ops: one function for each operation that it
 * supports, called with a request that is decoded and checked. An operation
 * builds its reply with one of the functions below and returns 0, or returns
 * -errno, which the caller of open(2), read(2), … receives. For an operation
 * that is NULL, the server replies as the kernel expects of a file system
 * without it. applets/hellofs.c is the smallest example.
 *
 * A node is a number that the file system gives to a file or directory;
 * FUSE_ROOT_ID is its root. Names contain no "/" and end in NUL. Pointers in
 * a request are valid until the operation returns; data that a reply points to
 * must stay valid until the thread's next request.
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
struct fuse_slot;
struct fuse_keeping;

/* A reply, as the server sends it to the kernel: header and body, then data. */
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
	uint32_t body_size;	/* bytes of body to send */
	uint32_t data_size;
	const void *data;	/* bytes to send after the body */
};

struct fuse_req {
	struct fuse_session *session;
	int device;		/* the descriptor that it was read from: /dev/fuse, or a clone of it */
	const struct fuse_in_header *in;	/* opcode, unique, node, uid, gid, pid */
	const void *arg;	/* this opcode's structure, such as struct fuse_read_in */
	const char *name[2];	/* the names that follow the structure */
	const void *data;	/* the data that follows the names: of WRITE, SETXATTR, IOCTL … */
	uint32_t data_size;
	uint32_t ext_size;	/* extensions (FUSE_INIT_EXT: security context, groups) */
	const void *ext;
	char *space;		/* space_size bytes for the reply's data */
	uint32_t space_size;
	uint32_t wanted;	/* READDIR: the most bytes that the kernel accepts */
	uint32_t generation;	/* of the node in the reply (default 0): differs for each file that reuses a node */
	bool brief;		/* the kernel may not cache the attributes in the reply at all */
	struct fuse_slot *slot, *own_slot;	/* fuse_keep.h: the slots of this request and of this thread; NULL: none */
	uint64_t *counted;	/* FORGET: the count in the request, for fuse_keep.h */
	struct fuse_reply reply;
};

/* The `fs` that serve() was given; the INIT flags that kernel and server agreed on; and the
   session's /dev/fuse descriptor, for ioctl(2). */
void *fuse_fs(const struct fuse_req *req);
uint64_t fuse_agreed(const struct fuse_req *req);
int fuse_device(const struct fuse_req *req);

/* The `fs` of a session, and the protocol version that INIT negotiated: 7.minor. */
void *fuse_session_fs(const struct fuse_session *session);
uint32_t fuse_session_minor(const struct fuse_session *session);

/* For settle(): use /dev/fuse, unless the user has requested io_uring: then it returns false. */
bool fuse_prefer_dev(struct fuse_session *session);

/* An operation that cannot answer yet returns FUSE_LATER. The file system must then call
   fuse_answer() once, from any thread, with 0 or -errno, and with the request's device and unique.
   Only for requests from /dev/fuse, not from io_uring. */
enum { FUSE_LATER = 1 };
void fuse_answer(int device, uint64_t unique, int err);

/* Sends a notification (FUSE_NOTIFY_*) to the kernel: `what` holds the code's structure and the
   bytes that follow it, size bytes in all. 0 or -errno. The call can block until the server has
   answered other requests. */
int fuse_notify(struct fuse_session *session, int code, const void *what, size_t size);

/* Whether a device (major << 32 | minor) is this file system itself. Its server must not access
   it: no other process would answer the request, so the thread would wait for itself. */
bool fuse_is_own(const struct fuse_req *req, uint64_t device);

#define FUSE_FOREVER UINT32_MAX

struct fuse_ops {
	/* No file or directory ever changes, so the kernel may cache everything. Unless the user
	   overrides it, the file system is mounted read-only with default_permissions. */
	bool immutable;
	/* A node's number, and the handle of an open file, mean the same in the next process that
	   serves the mount: then it can go on where this one is killed (fmount --keep). */
	bool durable_nodes;
	/* The same for other file systems: see fuse_keep.h. NULL: the mount ends with its server. */
	const struct fuse_keeping *keeping;
	/* Mount with default_permissions if the mount has allow_other, so that the kernel
	   checks permissions by the files' attributes. */
	bool kernel_checks;
	/* How long the kernel may cache names and attributes, in milliseconds. Ignored if
	   immutable. */
	uint32_t timeout;
	/* How many threads may call these operations at once; 0: one. */
	uint32_t threads;
	/* INIT flags to request, besides those that the operations imply. FUSE_ALLOW_IDMAP is requested
	   only for a mount with default_permissions; the kernel then tells the caller's ids only in
	   requests that make a file, through idmapped mounts and all others. */
	uint64_t want;
	/* With FUSE_PASSTHROUGH: INIT's max_stack_depth, the number of stacked file systems
	   including this one: 1, or 2 for backing files on an overlay. */
	uint32_t backing_depth;
	/* The largest WRITE, in bytes; 0: 128 KiB if there is a write, else 4096. */
	uint32_t max_write;

	/* The capabilities that the server keeps after mounting, as bits of capabilities(7);
	   it drops all others. 0: none. */
	uint64_t capabilities;
	/* Called once with --sandbox: returns an O_PATH descriptor of the directory below which
	   the server may access files, or -errno. NULL: the server needs no files. */
	int (*sandbox)(void *fs);

	/* With several threads: identifies the underlying file system of a node; 0: the one that
	   most nodes are on. Requests for another one delay only each other, and not all threads
	   serve them: see share.h. NULL: all nodes are on one. It must not block. */
	uint64_t (*place)(void *fs, uint64_t node);

	/* Called in each thread before its first request; in the first thread, before other
	   threads start. */
	void (*thread_starts)(void);
	/* Called before each request; with NULL when the first thread serves no more. */
	void (*begins)(const struct fuse_req *req);
	/* Called after option parsing: returns NULL, or a message that says what is wrong. */
	const char *(*settle)(void *fs, struct fuse_session *session);
	/* Called once, before mounting, with SOURCE from the command line (NULL: none). 0 or
	   -errno. */
	int (*prepare)(void *fs, const char *source);
	/* Called once, after mounting and before the first request. The server needs no relative
	   path any more, so the file system may change the working directory. */
	void (*mounted)(void);

	/* Fills in a node's attributes, for GETATTR and for every reply that contains them. */
	int (*attr)(struct fuse_req *req, uint64_t node, struct fuse_attr *attr);
	int (*statx)(struct fuse_req *req, uint64_t node, const struct fuse_statx_in *in,
		     struct fuse_statx *stat);
	int (*setattr)(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);

	/* Names: reply with fuse_entry. Each entry in a reply increments the node's lookup
	   count; forget subtracts `count`. */
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

	/* Directories: readdir adds entries with fuse_dirent, starting after the entry whose
	   `next` was `offset` (0: at the first entry). */
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

	/* The file system as a whole. */
	int (*statfs)(struct fuse_req *req, uint64_t node, struct fuse_kstatfs *stat);
	int (*syncfs)(struct fuse_req *req);
	int (*access)(struct fuse_req *req, uint64_t node, uint32_t mask);
	void (*interrupt)(struct fuse_req *req, uint64_t unique);
	void (*notify_reply)(struct fuse_req *req, const struct fuse_notify_retrieve_in *in);
	void (*destroy)(struct fuse_session *session);
};

/* Fill in the attributes of a directory or a regular file (size in bytes) that is owned by root,
   with all times at the epoch. Both return 0. */
int fuse_dir(struct fuse_attr *attr, uint64_t node, uint32_t permissions);
int fuse_file(struct fuse_attr *attr, uint64_t node, uint32_t permissions, uint64_t size);

/* Replies to a lookup with this node (0: a negative dentry) and the attributes from attr. 0 or
   -errno. */
int fuse_entry(struct fuse_req *req, uint64_t node);

/* Replies to open with a handle, which the kernel repeats in later requests for this open file,
   and FOPEN_* flags. fuse_opened_backed() also names a backing id (FUSE_DEV_IOC_BACKING_OPEN;
   0: none): the kernel then reads and writes the backing file itself (passthrough). */
int fuse_opened(struct fuse_req *req, uint64_t handle, uint32_t flags);
int fuse_opened_backed(struct fuse_req *req, uint64_t handle, int32_t backing, uint32_t flags);

/* Replies to a read with at most size bytes, from offset on, of the len bytes at data. */
int fuse_bytes(struct fuse_req *req, const void *data, size_t len, uint64_t offset, size_t size);

/* Reply with these bytes, and with a count of bytes. Both return 0. */
int fuse_data(struct fuse_req *req, const void *data, size_t size);
int fuse_size(struct fuse_req *req, uint32_t size);

/* Replies to getxattr and listxattr with the value, or with its length if size is 0. -ERANGE if
   the value is longer than size bytes. */
int fuse_xattr(struct fuse_req *req, const void *value, size_t len, uint32_t size);

/* Adds an entry to a readdir reply; `next` is the offset at which a later readdir continues.
   Returns false if the entry does not fit: readdir then returns 0. For READDIRPLUS the entry
   includes the attributes from attr, and increments the node's lookup count, unless it is "."
   or "..". */
bool fuse_dirent(struct fuse_req *req, uint64_t node, uint32_t type, const char *name,
		 uint64_t next);

/* The same with attributes that the caller already has. If attr is NULL, a directory entry does not
   increment the lookup count. ino: the inode number to show, which may differ from the node. */
int fuse_entry_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr);
bool fuse_dirent_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr, uint64_t ino,
		    uint32_t type, const char *name, uint64_t next);

/* Whether a name is "." or "..". */
bool fuse_is_dots(const char *name);

#endif
