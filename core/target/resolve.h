/* SPDX-License-Identifier: MIT */
/* resolve: resolves a path to a mountpoint without sending a request to any FUSE server.
 *
 * It opens each component with O_PATH | O_NOFOLLOW from its parent, and reads symbolic links
 * itself. It stops at the first FUSE mount, because a lookup there blocks forever if the server
 * hangs, and appends the rest of the path lexically.
 */
#ifndef FUSEBOX_TARGET_RESOLVE_H
#define FUSEBOX_TARGET_RESOLVE_H

#include <stdbool.h>

struct resolved {
	int fd;			/* O_PATH descriptor of path or, if `below`, of the FUSE mount */
	int parent;		/* O_PATH descriptor of fd's directory; -1: fd is the root, or
				   the directory is unknown (`below`) */
	bool below;		/* path continues inside that FUSE mount, where it is unresolved */
	char path[8192];	/* absolute, without "." and "..", and without symbolic links up to
				   the FUSE mount; begins with "." if the current directory
				   has no path */
};

/* Returns 0, after which the caller calls resolve_close(), or -errno: -ELOOP after 40 symbolic
   links; -ENAMETOOLONG; -ETIMEDOUT: see resolve_in_child(). */
int resolve_path(const char *path, struct resolved *resolved);

/* From now on a child resolves each path, for up to two seconds: in a mount namespace of another user, a
   file system that is not FUSE, such as overlayfs, can ask that user's server. */
void resolve_in_child(void);
void resolve_close(struct resolved *resolved);

/* As resolve_path(), always in this process. */
int resolve_here(const char *path, struct resolved *resolved);
/* How resolve_path() resolves: resolve_here() at first. */
extern int (*resolve_way)(const char *path, struct resolved *resolved);

#endif
