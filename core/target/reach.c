/* SPDX-License-Identifier: MIT */
/* reach: opens a known mount again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mount/table.h"
#include "target/target.h"

/* Paths in the mount table have no symbolic links: a link means that the path has changed. */
static int open_without_links(const char *path)
{
	int fd = sys_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_LINKS);

	if (fd == -ENOSYS || fd == -EPERM)
		fd = sys_open(path, O_PATH | O_DIRECTORY, 0);
	return fd == -ELOOP || fd == -ENOTDIR ? -ESTALE : fd;
}

/* Opens the parent directory of at->path, then the last component in it. Returns at->fd, or
   -errno. */
static int open_again(struct resolved *at)
{
	static char path[sizeof(at->path)];
	char *name = strrchr(at->path, '/');

	if (!name || !name[1])
		return at->fd = sys_open("/", O_PATH | O_DIRECTORY, 0);
	*name = '\0';
	at->parent = open_without_links(name == at->path ? "/" : at->path);
	*name = '/';
	if (at->parent == -ENAMETOOLONG) {	/* resolve_path() walks component by component. */
		memcpy(path, at->path, sizeof(path));
		resolve_path(path, at);
		return at->below ? -ENAMETOOLONG : at->fd;
	}
	return at->fd = at->parent < 0 ? at->parent : sys_openat(at->parent, name + 1, O_PATH | O_NOFOLLOW, 0);
}

int target_reach(struct target *t)
{
	struct sys_stat now;
	int err;

	t->at.fd = t->at.parent = -1;
	t->at.below = false;
	err = open_again(&t->at);
	err = err < 0 ? err : sys_statx(t->at.fd, "", false, &now);
	if (!err)
		err = table_identify(t->at.fd, &t->known);
	if (!err && (now.mount_id != t->id || now.dev_major != t->major || now.dev_minor != t->minor))
		err = -ESTALE;
	return err;
}
