/* install: links for the applets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>

#include "applet.h"
#include "env.h"
#include "msg.h"
#include "out.h"
#include "sys.h"

struct install { bool symbolic, force; const char *root; };

static const struct opt options[] = {
	OPT('s', "symbolic", OPT_FLAG, struct install, symbolic, NULL, "symbolic links, not hard ones"),
	OPT(0, "root", OPT_STRING, struct install, root, "DIR", "install below DIR"),
	OPT(0, "force", OPT_FLAG, struct install, force, NULL, "shadow a set-uid fusermount3"),
	OPT_END
};

/* Makes each directory on the way to path's last part. */
static int make_parents(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		int err;

		*at = '\0';
		err = sys_mkdir(path, 0755);
		*at = '/';
		if (err && err != -EEXIST)
			return err;
	}
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct sys_stat x, y;

	return sys_statx(AT_FDCWD, a, true, &x) == 0 && sys_statx(AT_FDCWD, b, true, &y) == 0
	       && x.inode == y.inode && x.dev_major == y.dev_major && x.dev_minor == y.dev_minor;
}

/* A link that leads to this very file is ours already. */
static int make_link(const struct install *args, const char *self, char *path)
{
	char target[4096];
	ssize_t n;
	int err = make_parents(path);

	if (!err)
		err = args->symbolic ? sys_symlink(self, path) : sys_link(self, path);
	if (err == -EXDEV)
		err = sys_symlink(self, path);
	if (err != -EEXIST)
		return err;
	n = sys_readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	return (n > 0 && strcmp(target, self) == 0) || same_file(self, path) ? 0 : -EEXIST;
}

/* A helper without the set-uid bit that is found before one that has it takes
   every user's FUSE away. */
static bool would_shadow(const struct applet *applet)
{
	char found[4096];

	return strncmp(applet->name, "fusermount", 10) == 0
	       && env_find(applet->name, true, found, sizeof(found)) == 0;
}

static int install_link(const struct install *args, const char *dir, const char *self,
			const struct applet *applet, const char *name)
{
	char path[4096];
	struct out out = OUT_TEXT(path);
	int err;

	out_fmt(&out, "%s%s%s/%s", args->root ? args->root : "", args->root || !dir ? "/" : "",
		dir ? dir : applet->dir, name);
	out_text(&out);
	err = make_link(args, self, path);
	if (err == -EEXIST)
		msg("%s: exists and is not ours; left alone", path);
	else if (err)
		msg_errno(1, path, err);
	return err != 0;
}

/* BusyBox's mount looks for mount.fuse.NAME alone, when the type is fuse.NAME. */
static int install_for_type(const struct install *args, const char *dir, const char *self,
			    const struct applet *applet)
{
	static const char helper[] = "mount.", fuse[] = "mount.fuse";
	char name[64];
	struct out out = OUT_TEXT(name);

	if (strncmp(applet->name, helper, sizeof(helper) - 1) != 0
	    || strncmp(applet->name, fuse, sizeof(fuse) - 1) == 0)
		return 0;
	out_fmt(&out, "%s.%s", fuse, applet->name + sizeof(helper) - 1);
	return install_link(args, dir, self, applet, out_text(&out));
}

static int install(const struct install *args, const char *dir, const char *self,
		   const struct applet *applet)
{
	if (!args->force && !args->root && would_shadow(applet)) {
		msg("%s: not installed: a set-uid one is in PATH, and a link without that bit "
		    "before it would break it; --force does it all the same", applet->name);
		return 1;
	}
	return install_link(args, dir, self, applet, applet->name) | install_for_type(args, dir, self, applet);
}

/* Where this binary is; without /proc, as it was called by its whole path. */
static int own_path(char *self, size_t size)
{
	ssize_t n = sys_readlink("/proc/self/exe", self, size - 1);
	const char *called = (const char *)getauxval(AT_EXECFN);
	struct out out = { .buf = self, .size = size, .fd = -1 };

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

int install_main(char **argv)
{
	struct install args = { .root = NULL };
	struct opt_rest rest;
	char self[4096];
	int failed = 0, err;

	if (!applet_parse(options, &args, argv, &rest))
		return 1;
	if (rest.count > 1)
		return applet_usage("--install takes one directory");
	err = own_path(self, sizeof(self));
	if (err)
		return msg_errno(1, "/proc/self/exe", err);
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		failed |= install(&args, rest.operands[0], self, *a);
	return failed;
}
