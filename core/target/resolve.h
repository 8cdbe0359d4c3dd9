/* resolve: a path to a mountpoint, without asking any FUSE file system.
 *
 * Component by component, each opened by O_PATH | O_NOFOLLOW from the one before,
 * symbolic links read by hand. At the first FUSE mount that stops: a server that
 * hangs would keep the lookup of a name in it for ever. What is left of the path is
 * taken by its letters.
 */
#ifndef FUSEBOX_TARGET_RESOLVE_H
#define FUSEBOX_TARGET_RESOLVE_H

#include <stdbool.h>

struct resolved {
	int fd;			/* O_PATH: of path, or of the FUSE mount that path is below */
	int parent;		/* O_PATH: of the directory that fd is in; -1: none (the
				   root), or it is not known (below) */
	bool below;		/* path goes on below that FUSE mount, and was not looked at there */
	char path[8192];	/* absolute, without links up to the mount, without "." and ".."; it
				   begins with "." where the current directory has no path */
};

/* Returns 0, and then resolve_close() has to be called; or -errno: -ELOOP after 40
   links, -ENAMETOOLONG. */
int resolve_path(const char *path, struct resolved *resolved);
void resolve_close(struct resolved *resolved);

#endif
