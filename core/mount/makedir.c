/* SPDX-License-Identifier: MIT */
/* makedir: X-mount.mkdir, a mountpoint that does not exist yet. See mount.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mount/mount.h"
#include "mount/ours.h"

enum { LINKS = 16 };

/* The directory that the walk has reached. */
struct walk { int dir, links; mode_t mode; };

static int walk(struct walk *w, char *path);

static int move_to(struct walk *w, int fd)
{
	if (fd < 0)
		return fd;
	sys_close(w->dir);
	w->dir = fd;
	return 0;
}

static int follow(struct walk *w, const char *name)
{
	char target[4096];
	ssize_t n = sys_readlinkat(w->dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return n == -EINVAL ? -ENOTDIR : (int)n;
	/* Another user could have put the link there. */
	if (!ours_is_directory(w->dir) || ++w->links > LINKS)
		return -ELOOP;
	target[n] = '\0';
	return walk(w, target);
}

static int enter(struct walk *w, const char *name)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
	int fd = sys_openat(w->dir, name, flags, 0);

	if (fd == -ENOENT) {
		int err = sys_mkdirat(w->dir, name, w->mode);

		if (err && err != -EEXIST)
			return err;
		fd = sys_openat(w->dir, name, flags, 0);
	}
	return fd == -ENOTDIR ? follow(w, name) : move_to(w, fd);
}

static int walk(struct walk *w, char *path)
{
	int err = *path == '/' ? move_to(w, sys_open("/", O_PATH | O_DIRECTORY, 0)) : 0;

	while (!err) {
		char *name = path + strspn(path, "/");

		if (!*name)
			break;
		path = name + strcspn(name, "/");
		if (*path)
			*path++ = '\0';
		err = enter(w, name);
	}
	return err;
}

int mount_make_point(const char *path, mode_t mode)
{
	struct walk w = { .mode = mode };
	char text[4096];
	size_t size = strlen(path) + 1;
	int err;

	if (size > sizeof(text))
		return -ENAMETOOLONG;
	w.dir = sys_open(".", O_PATH | O_DIRECTORY, 0);
	if (w.dir < 0)
		return w.dir;
	memcpy(text, path, size);
	err = walk(&w, text);
	if (err)
		sys_close(w.dir);
	return err ? err : w.dir;
}
