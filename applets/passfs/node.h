/* node: the file system as a whole, and its nodes: the files that the kernel knows. */
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
	struct serve_args serve;	/* the first: SERVE_OPTIONS write there */
	struct opt_set set_ro, set_cache, set_map, set_perms, set_hide;
	bool no_passthrough, writeback, locks, export, no_symlinks_out, no_xattrs, kernel_fs;
	int timeout;			/* seconds; -1: as the cache says */
	enum pass_cache cache;
	struct passview view;

	struct inodes inodes;
	struct passhandles *handles;	/* with --export */
	uint64_t device;		/* of the root */
	uint32_t uid;			/* the server's own */
	bool acts;			/* it is root, and acts as its callers */
	bool late;			/* the kernel keeps attributes for more than a second */
	bool quiet_close;		/* its close(2) writes nothing and tells nothing */
	uint32_t steady_from;		/* FUSE's minor from which its directories are: see passfs.c */
	bool passthrough;		/* as long as nothing has spoken against it */
	bool making_room;
	bool alone;			/* there is one thread */
	uint32_t lives;			/* of nodes, so far: with --no-symlinks-out */
	uint32_t limit;			/* of files known, before room is made */
};

static inline struct passfs *pass_of(const struct fuse_req *req)
{
	return fuse_fs(req);
}

/* A node's descriptor, or -ESTALE; and a directory's for a name in it: hidden, if that is
   not to be seen. */
int pass_fd(const struct fuse_req *req, uint64_t node);
int pass_dir(const struct fuse_req *req, uint64_t node, const char *name, int hidden);

/* Whether this caller may reach files of kernel file systems, such as /proc. */
bool pass_lets_in(const struct fuse_req *req);

/* The device of the file system mounted in SOURCE that the node is on; 0: SOURCE's own. A request
   for another one may wait for as long as that file system's server likes. */
uint64_t pass_place(void *fs, uint64_t node);

/* Attributes of SOURCE become those that are shown: by the options, and one number a file. */
void pass_show(const struct passfs *fs, struct sysfs_stat *st);

/* The inode number that is shown of a file of SOURCE. */
uint64_t pass_ino(const struct passfs *fs, uint64_t device, uint64_t ino);

/* Takes lookups back. */
void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count);

#endif
