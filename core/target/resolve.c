/* SPDX-License-Identifier: MIT */
/* resolve: see resolve.h. */
#include "target/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "sys.h"
#include "mount/table.h"

enum { LINKS = 40 };

/* The state of a walk. The rest of the path is at the end of `left`, because a symbolic link's target
   is inserted before it. */
struct walk {
	struct resolved *at;
	char left[24 * 1024], *next;
	int links;
};

static int push_left(struct walk *w, const char *text, size_t len)
{
	if (len + 1 > (size_t)(w->next - w->left))
		return -ENAMETOOLONG;
	*--w->next = '/';
	w->next -= len;
	memcpy(w->next, text, len);
	return 0;
}

/* Keeps a "." without a slash, which stands for a start directory that has no path. */
static void pop_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
}

static int push_name(char *path, size_t size, const char *name, size_t len)
{
	struct out out = { .buf = path, .size = size, .len = strlen(path), .fd = -1 };

	if (out.len + len + 2 > size)
		return -ENAMETOOLONG;
	out_fmt(&out, "%s%.*s", strcmp(path, "/") != 0 ? "/" : "", (int)len, name);
	out_text(&out);
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

void resolve_close(struct resolved *resolved)
{
	close_one(&resolved->fd);
	close_one(&resolved->parent);
}

static int move_to(struct walk *w, int fd)
{
	close_one(&w->at->fd);
	w->at->fd = fd;
	return fd < 0 ? fd : 0;
}

static int go_to_start(struct walk *w, const char *path)
{
	close_one(&w->at->parent);
	memcpy(w->at->path, path, 2);
	return move_to(w, sys_open(path, O_PATH | O_DIRECTORY, 0));
}

/* Whether fd is on a FUSE mount. This may read the mount table, so step() calls it only if the mount
   id changes. */
static bool is_on_fuse(int fd)
{
	struct table_row row;

	return table_of_fd(fd, &row, false) == 0 && table_is_fuse(&row);
}

static uint64_t get_mount_id(int fd)
{
	struct sys_stat st;

	return sys_statx(fd, "", false, &st) == 0 ? st.mount_id : 0;
}

static int follow(struct walk *w, const char *target, size_t len)
{
	if (++w->links > LINKS)
		return -ELOOP;
	if (push_left(w, target, len) < 0)
		return -ENAMETOOLONG;
	return *target == '/' ? go_to_start(w, "/") : 0;
}

/* Walks to one component. Returns 1 if it is a FUSE mount, where the walk ends. */
static int step(struct walk *w, const char *name, size_t len)
{
	char component[256], target[4096];
	ssize_t link;
	int fd, err;
	bool fuse;

	if (len >= sizeof(component))
		return -ENAMETOOLONG;
	text_fmt(component, sizeof(component), "%.*s", (int)len, name);
	fd = sys_openat(w->at->fd, component, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	fuse = get_mount_id(fd) != get_mount_id(w->at->fd) && is_on_fuse(fd);
	link = fuse ? -EINVAL : sys_readlinkat(fd, "", target, sizeof(target));
	if (link >= 0) {
		sys_close(fd);
		return (size_t)link == sizeof(target) ? -ENAMETOOLONG : follow(w, target, (size_t)link);
	}
	err = push_name(w->at->path, sizeof(w->at->path), name, len);
	close_one(&w->at->parent);
	w->at->parent = w->at->fd;
	w->at->fd = fd;
	return err ? err : fuse;
}

/* Returns to the parent that the walk opened, if it is known: a lookup of ".." in a FUSE directory may
   send its server an ACCESS request. */
static int step_up(struct walk *w)
{
	int parent = w->at->parent;

	w->at->parent = -1;
	pop_name(w->at->path);
	return move_to(w, parent >= 0 ? parent : sys_openat(w->at->fd, "..", O_PATH | O_DIRECTORY, 0));
}

/* Returns the next component and its length, or NULL at the end. */
static const char *next_name(struct walk *w, size_t *len)
{
	const char *name;

	do {
		w->next += strspn(w->next, "/");
		name = w->next;
		*len = strcspn(name, "/");
		w->next += *len;
	} while (*len == 1 && *name == '.');
	return *len ? name : NULL;
}

static bool is_up(const char *name, size_t len)
{
	return len == 2 && name[0] == '.' && name[1] == '.';
}

/* Appends the components below a FUSE mount lexically. Returns 1 if ".." leads out of the mount, where
   the walk continues. */
static int append_lexically(struct walk *w)
{
	size_t root = strlen(w->at->path), len;
	const char *name;
	int err = 0;

	while (!err && (name = next_name(w, &len))) {
		if (!is_up(name, len)) {
			err = push_name(w->at->path, sizeof(w->at->path), name, len);
			continue;
		}
		if (strlen(w->at->path) == root)
			return step_up(w) < 0 ? -ENOENT : 1;
		pop_name(w->at->path);
	}
	w->at->below = strlen(w->at->path) > root;
	if (w->at->below)
		close_one(&w->at->parent);	/* the mount's parent, not that of path */
	return err;
}

static int walk(struct walk *w)
{
	const char *name;
	size_t len;
	int result = is_on_fuse(w->at->fd);

	for (;;) {
		if (result == 1) {
			result = append_lexically(w);
			if (result != 1)
				return result;
		}
		name = result < 0 ? NULL : next_name(w, &len);
		if (!name)
			return result;
		result = is_up(name, len) ? step_up(w) : step(w, name, len);
	}
}

/* The current directory may be in a FUSE mount, so walk its path from the root before a relative path.
   If its path is too long for getcwd(2), start in the directory itself. */
static int start(struct walk *w, const char *path)
{
	char here[4096];
	int err;

	push_left(w, path, strlen(path));
	if (*path == '/')
		return go_to_start(w, "/");
	err = sys_getcwd(here, sizeof(here));
	if (err || *here != '/')
		return err && err != -ENOENT ? go_to_start(w, ".") : -ENOENT;
	push_left(w, here, strlen(here));
	return go_to_start(w, "/");
}

int resolve_here(const char *path, struct resolved *resolved)
{
	struct walk w = { .at = resolved };
	int err;

	resolved->fd = resolved->parent = -1;
	resolved->below = false;
	if (!*path)
		return -ENOENT;
	if (strlen(path) + 4096 + 2 > sizeof(w.left))
		return -ENAMETOOLONG;
	w.next = w.left + sizeof(w.left) - 1;
	*w.next = '\0';
	err = start(&w, path);
	if (!err)
		err = walk(&w);
	if (!err && resolved->parent < 0 && !resolved->below && strcmp(resolved->path, "/") != 0
	    && !is_on_fuse(resolved->fd))
		resolved->parent = sys_openat(resolved->fd, "..", O_PATH | O_DIRECTORY, 0);
	if (err)
		resolve_close(resolved);
	return err;
}

int (*resolve_way)(const char *path, struct resolved *resolved) = resolve_here;

int resolve_path(const char *path, struct resolved *resolved)
{
	return resolve_way(path, resolved);
}
