/* SPDX-License-Identifier: MIT */
/* node: the file system, and its nodes, which are the files that the kernel knows. */
#ifndef FUSEBOX_PASSFS_NODE_H
#define FUSEBOX_PASSFS_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_fs.h"
#include "inodes.h"
#include "serve.h"
#include "sys/vfs.h"
#include "view.h"

enum pass_cache { CACHE_AUTO, CACHE_NONE, CACHE_ALWAYS };

struct passfs {
	struct serve_args serve;	/* must be first: SERVE_OPTIONS write there */
	struct opt_set set_ro, set_cache, set_map, set_perms, set_hide, force_user, force_group;
	bool no_passthrough, writeback, locks, export, no_symlinks_out, no_xattrs, kernel_fs;
	int timeout;			/* seconds; -1: default of `cache` */
	enum pass_cache cache;
	struct passview view;

	struct inodes inodes;
	struct passhandles *handles;	/* with --export */
	uint64_t device;		/* device number of SOURCE's root */
	uint32_t uid;			/* the server's effective uid */
	bool acts_as_callers;	/* the server is root, and changes SOURCE as its callers */
	bool has_long_timeout;	/* attribute timeout above one second */
	bool quiet_close;		/* close(2) in SOURCE writes nothing and reports no error */
	bool may_stay;		/* a thread may act for a user beyond the request */
	uint32_t stable_since;		/* first FUSE minor version with stable directory offsets (dir.c) */
	bool passthrough;		/* false once the kernel has refused a backing id */
	bool is_pruning;
	bool single_threaded;
	uint32_t instances;		/* last serial number of an inode, with --no-symlinks-out */
	uint32_t limit;			/* number of inodes above which the server prunes */
};

static inline struct passfs *pass_of(const struct fuse_req *req)
{
	return fuse_fs(req);
}

/* pass_fd() returns a node's O_PATH descriptor, which the table owns; -ESTALE: no such node;
   -EACCES: the caller may not reach a kernel file system. pass_dir() is the same for a directory in
   which `name` is used; it returns `hidden`, an -errno, if options hide that name. */
int pass_fd(const struct fuse_req *req, uint64_t node);
int pass_dir(const struct fuse_req *req, uint64_t node, const char *name, int hidden);

/* Whether the caller may reach files of kernel file systems, such as /proc. */
bool pass_lets_in(const struct fuse_req *req);

/* The device number of the file system that is mounted in SOURCE and has the node; 0: SOURCE's
   own file system. A request for another one may block for as long as that file system's
   server likes. */
uint64_t pass_place(void *fs, uint64_t node);

/* Changes attributes of SOURCE to those that the kernel gets: ids and mode by the options, and an
   inode number that is unique in this mount. */
void pass_show(const struct passfs *fs, struct vfs_stat *st);

/* The mode without the set-id bits of an owner or group that --force-user or --force-group hides. */
uint32_t pass_forced_mode(const struct passfs *fs, uint32_t uid, uint32_t gid, uint32_t mode);

/* The inode number that the kernel gets for a file of SOURCE. */
uint64_t pass_ino(const struct passfs *fs, uint64_t device, uint64_t ino);

/* Subtracts `count` from the lookup count; at 0 the descriptor and the backing id are closed. */
void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count);

#endif
