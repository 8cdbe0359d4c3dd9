/* SPDX-License-Identifier: MIT */
/* install: links for the applets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "applet.h"
#include "cli/env.h"
#include "msg.h"
#include "out.h"
#include "sys.h"
#include "sys/vfs.h"

struct install {
	bool symbolic, force, remove;
	const char *root;
	int below;	/* O_PATH of root, or AT_FDCWD */
	int count;	/* links made or removed */
};

static const struct opt options[] = {
	OPT('s', "symbolic", OPT_FLAG, struct install, symbolic, "", "symbolic links, not hard ones"),
	OPT(0, "root", OPT_STRING, struct install, root, "DIR", "install below DIR"),
	OPT(0, "force", OPT_FLAG, struct install, force, "", "shadow a set-uid fusermount3"),
	OPT_END
};

/* If openat2(2) is missing or a seccomp filter refuses it, follow no symbolic link at all. */
static int walk(int root, const char *path)
{
	char name[256];
	int fd = sys_openat(root, ".", O_PATH | O_DIRECTORY, 0);

	while (fd >= 0 && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		struct sys_stat st;
		int next;

		text_fmt(name, sizeof(name), "%.*s", (int)len, path);
		next = len >= sizeof(name) || strcmp(name, "..") == 0 ? -ELOOP
		       : sys_openat(fd, name, O_PATH | O_NOFOLLOW, 0);
		sys_close(fd);
		fd = next;
		if (fd >= 0 && sys_statx(fd, "", true, &st) == 0 && S_ISLNK(st.mode)) {
			sys_close(fd);
			fd = -ELOOP;
		}
		path += len;
	}
	return fd;
}

/* Returns an O_PATH descriptor. Below --root, symbolic links resolve as if that were the root
   directory, because the tree there may belong to another user. */
static int open_below(int root, const char *path)
{
	int fd;

	if (root == AT_FDCWD)
		return sys_open(path, O_PATH, 0);
	fd = sys_openat2(root, path, O_PATH, RESOLVE_ROOTED);
	return fd == -ENOSYS || fd == -EPERM ? walk(root, path) : fd;
}

/* Creates the parent directories of path. Returns an O_PATH descriptor of the last, or -errno. */
static int make_parents(int root, char *path)
{
	int dir = root == AT_FDCWD && *path == '/' ? sys_open("/", O_PATH, 0) : sys_openat(root, ".", O_PATH, 0);
	const char *name = path + strspn(path, "/");

	for (char *at; dir >= 0 && (at = strchr(name, '/')); name = at + strspn(at, "/")) {
		int next;

		*at = '\0';
		next = open_below(root, path);
		if (next == -ENOENT) {
			next = sys_mkdirat(dir, name, 0755);
			next = next && next != -EEXIST ? next : open_below(root, path);
		}
		*at = '/';
		sys_close(dir);
		dir = next;
	}
	return dir;
}

static bool same_file(int fd, const char *path)
{
	struct sys_stat x, y;

	return fd >= 0 && sys_statx(fd, "", true, &x) == 0 && sys_statx(AT_FDCWD, path, true, &y) == 0
	       && x.inode == y.inode && x.dev_major == y.dev_major && x.dev_minor == y.dev_minor;
}

/* A link that leads to this very file is ours already. */
static bool is_ours(int root, int dir, const char *path, const char *self)
{
	char target[4096];
	ssize_t n = sys_readlinkat(dir, strrchr(path, '/') + 1, target, sizeof(target) - 1);
	int fd = open_below(root, path);
	bool same = same_file(fd, self);

	if (fd >= 0)
		sys_close(fd);
	target[n > 0 ? n : 0] = '\0';
	return same || (n > 0 && strcmp(target, self) == 0);
}

/* --uninstall: remove the link if it is ours. */
static int remove_link(struct install *args, const char *self, char *path)
{
	char *name = strrchr(path, '/');
	int dir, err;
	bool ours;

	*name = '\0';
	dir = open_below(args->below, *path ? path : "/");
	*name = '/';
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	ours = is_ours(args->below, dir, path, self);
	err = ours ? vfs_unlink(dir, name + 1, false) : 0;
	args->count += ours && !err;
	sys_close(dir);
	return err;
}

static int make_link(struct install *args, const char *self, char *path)
{
	int dir = make_parents(args->below, path), err;
	const char *name = strrchr(path, '/') + 1;

	if (dir < 0)
		return dir;
	err = args->symbolic ? sys_symlinkat(self, dir, name) : sys_linkat(self, dir, name);
	if (err == -EXDEV)
		err = sys_symlinkat(self, dir, name);
	args->count += !err;
	if (err == -EEXIST && is_ours(args->below, dir, path, self))
		err = 0;
	sys_close(dir);
	return err;
}

/* Whether the link would come before a set-uid helper in PATH. Without the set-uid bit it would
   prevent other users from mounting. */
static bool would_shadow(const struct applet *applet)
{
	char found[4096];

	return strncmp(applet->name, "fusermount", 10) == 0
	       && env_find(applet->name, true, found, sizeof(found)) == 0;
}

static int install_link(struct install *args, const char *dir, const char *self,
			const struct applet *applet, const char *name)
{
	char path[4096];
	int err;

	path[0] = '\0';
	text_fmt(path, sizeof(path), "%s%s/%s", args->root || !dir ? "/" : "", dir ? dir : applet->dir, name);
	err = strlen(path) == sizeof(path) - 1 ? -ENAMETOOLONG
	      : args->remove ? remove_link(args, self, path) : make_link(args, self, path);
	if (err == -EEXIST)
		msg("%s%s: exists and is not ours: left alone; remove it to install this link", args->root ? args->root : "", path);
	else if (err == -ELOOP || err == -EXDEV)
		msg("%s%s: a symbolic link on the way is not followed; remove it", args->root ? args->root : "", path);
	else if (err)
		msg("%s%s: %s", args->root ? args->root : "", path, msg_reason(err));
	return err != 0;
}

/* BusyBox's mount looks for mount.fuse.NAME alone, when the type is fuse.NAME. */
static int install_for_type(struct install *args, const char *dir, const char *self,
			    const struct applet *applet)
{
	static const char helper[] = "mount.", fuse[] = "mount.fuse";
	char name[64];

	if (strncmp(applet->name, helper, sizeof(helper) - 1) != 0
	    || strncmp(applet->name, fuse, sizeof(fuse) - 1) == 0)
		return 0;
	text_fmt(name, sizeof(name), "%s.%s", fuse, applet->name + sizeof(helper) - 1);
	return install_link(args, dir, self, applet, name);
}

static int install(struct install *args, const char *dir, const char *self,
		   const struct applet *applet)
{
	if (!args->remove && !args->force && !args->root && would_shadow(applet)) {
		msg("%s: not installed, since the link would shadow a set-uid one in PATH; use --force to install it",
		    applet->name);
		return 1;
	}
	return install_link(args, dir, self, applet, applet->name) | install_for_type(args, dir, self, applet);
}

/* Where this binary is; without /proc, as it was called by its whole path. */
static int own_path(char *self, size_t size)
{
	ssize_t n = sys_readlink("/proc/self/exe", self, size - 1);
	const char *called = (const char *)getauxval(AT_EXECFN);
	struct out out = out_in(self, size);

	if (n >= 0) {
		self[n] = '\0';
		return 0;
	}
	if (!called || *called != '/')
		return (int)n;
	out_str(&out, called);
	out_text(&out);
	return 0;
}

/* Opens the directory, creating it if it is missing. Returns a descriptor, or -errno. */
static int open_root(const char *root)
{
	char path[4096];

	if (!root)
		return AT_FDCWD;
	if (strlen(root) + 2 > sizeof(path))
		return -ENAMETOOLONG;
	text_fmt(path, sizeof(path), "%s/", root);
	return make_parents(AT_FDCWD, path);
}

static int report_count(const struct install *args, const char *dir)
{
	char text[256];
	struct out out = OUT_FD(text, 1);

	out.escape = true;
	out_fmt(&out, "%s%d link%s %s ", args->remove ? "removed " : "made ", args->count,
		args->count == 1 ? "" : "s", dir ? "in" : "below");
	out_fmt(&out, "%s%s%s\n", args->root ? args->root : dir ? "" : "/", args->root && dir ? "/" : "", dir ? dir : "");
	return msg_flush(&out);
}

int install_main(char **argv)
{
	struct install args = { .remove = strcmp(argv[0], "--uninstall") == 0 };
	struct opt_rest rest;
	char self[4096];
	int failed = 0, err;

	if (!applet_parse(options, &args, argv, &rest))
		return 1;
	if (rest.count > 1)
		return applet_usage("wanted: one directory");
	err = own_path(self, sizeof(self));
	if (err)
		return msg_errno(1, "/proc/self/exe", err);
	args.below = open_root(args.root);
	if (args.below < 0 && args.below != AT_FDCWD)
		return msg_errno(1, args.root, args.below);
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		failed |= install(&args, rest.operands[0], self, *a);
	return report_count(&args, rest.operands[0]) | failed;
}
