/* SPDX-License-Identifier: MIT */
/* fusermount3, fusermount: mount FUSE for an ordinary user, and hand over the descriptor.
 *
 * The interface is that of libfuse's helper. tests/compat/fusermount.t checks it line by line and
 * lists the differences. core/single.c also builds this applet alone, as the set-uid root binary.
 */
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "sys/filter.h"
#include "cli/env.h"
#include "helper.h"
#include "msg.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/table.h"

#ifndef VERSION
#define VERSION "0"
#endif

extern char **environ;

struct args {
	bool help, version, unmount, lazy, quiet, auto_unmount, sync_init;
	int comm_fd;
	const char *list;	/* the argument of the last -o */
};

/* The help texts are one string below, aligned as libfuse's. */
#define OPTION(letter, name, kind, member, value) \
	OPT(letter, name, kind, struct args, member, value, "")
static const struct opt options[] = {
	OPTION('h', "help", OPT_FLAG, help, ""),
	OPTION('V', "version", OPT_FLAG, version, ""),
	OPTION('o', "options", OPT_STRING, list, "N"),
	OPTION('u', "unmount", OPT_FLAG, unmount, ""),
	OPTION('z', "lazy", OPT_FLAG, lazy, ""),
	OPTION('q', "quiet", OPT_FLAG, quiet, ""),
	OPTION(0, "auto-unmount", OPT_FLAG, auto_unmount, ""),
	OPTION(0, "sync-init", OPT_FLAG, sync_init, ""),
	OPTION(0, "comm-fd", OPT_NUMBER, comm_fd, "N"),
	OPT_END
};

static const char help[] = ": [options] mountpoint\nOptions:\n"
	" -h, --help            show this\n"
	" -V, --version         show the version\n"
	" -o opt[,opt...]       mount options\n"
	" -u, --unmount         unmount\n"
	" -q, --quiet           say nothing when that fails\n"
	" -z, --lazy            detach now (with -u)\n"
	"     --auto-unmount    unmount what is mounted when the server is gone\n"
	"     --comm-fd=N       the socket, else in _FUSE_COMMFD\n"
	"     --sync-init       mount when told over it, and answer how it went\n"
	"Example: fusermount3 -u mnt\n"
	"Exit status: 0: done; 1: failed, usage, or help\n";

/* libfuse's helper exits with 1, too. */
static int show_help(void)
{
	char text[1024];
	struct out out = OUT_FD(text, 1);

	out_str(&out, msg_applet);
	out_str(&out, help);
	out_flush(&out);
	return 1;
}

static int show_version(void)
{
	char text[80];
	struct out out = OUT_FD(text, 1);

	/* Programs compare the number with libfuse's. */
	out_fmt(&out, "%s version: %s (fusebox " VERSION ")\n", msg_applet,
		strcmp(msg_applet, "fusermount") == 0 ? "2.9.9" : "3.18.0");
	return out_flush(&out) < 0;
}

/* Open the mount if the caller may unmount it, and set h->at.mounted. -1: already reported. */
static int open_own_mount(struct helper *h, bool quiet)
{
	int fd = sys_open(h->name, O_PATH | O_NOFOLLOW, 0);

	if (fd >= 0 && helper_owns(h, fd, h->at.path) && table_identify(fd, &h->at.mounted) == 0)
		return fd;
	if (fd >= 0)
		sys_close(fd);
	if (!quiet)
		msg("entry for %s not found in /etc/mtab", h->at.path);
	return -1;
}

static int unmount(struct helper *h, bool lazy, bool quiet)
{
	const char *why = NULL;
	int fd = open_own_mount(h, quiet), err;

	if (fd < 0)
		return 1;
	err = lazy ? helper_detach(h, fd) : helper_unmount(h, fd, &why);
	if (err && !quiet)
		msg("failed to unmount %s: %s", h->at.path, why ? why : msg_reason(err));
	return err != 0;
}

/* --auto-unmount: watch a mount that the server made without this helper. */
static int watch_mount(struct helper *h, bool quiet)
{
	int fd = helper_find_socket(h) == 0 ? open_own_mount(h, quiet) : -1;

	if (fd < 0)
		return 1;
	sys_close(fd);
	return helper_watch(h);
}

static int mount(struct helper *h, bool sync_init)
{
	char text[1024];
	struct out why = OUT_TEXT(text);
	int err = helper_prepare(h, &why);

	if (!err)
		err = (sync_init ? helper_mount_when_told : helper_mount)(h, &why);
	if (err) {
		if (why.len)
			msg("%s", out_text(&why));
		return 1;
	}
	return h->auto_unmount ? helper_watch(h) : 0;
}

/* The multi-call binary is never set-uid: execute the set-uid helper in PATH instead. */
static void exec_setuid_helper(char **argv)
{
	char path[4096];

	if (applet_boxed && env_find(msg_applet, true, path, sizeof(path)) == 0)
		sys_exec(path, argv, environ);
}

static int refuse_unprivileged(void)
{
	return msg_refuse(applet_boxed
		      ? "no privilege to mount: this link to fusebox is never set-uid root; "
			"install the helper that is (make install-setuid)"
		      : "no privilege to mount: this file is not set-uid root, or its file "
			"system is mounted nosuid, or no_new_privs is set");
}

static int run(struct helper *h, const struct args *args, char **operands)
{
	if (args->help)
		return show_help();
	if (args->version)
		return show_version();
	if (args->lazy && !args->unmount)
		return msg_refuse("-z can only be used with -u");
	if (!operands[0])
		return msg_refuse("missing mountpoint argument");
	if (operands[1])
		return msg_refuse("extra arguments after the mountpoint");
	if (!priv_may_mount())
		return refuse_unprivileged();
	h->socket = args->comm_fd;
	h->list = (char *)args->list;
	if (helper_enter(h, operands[0]) != 0)
		return 1;
	filter_helper();	/* optional: the kernel may lack seccomp */
	if (args->auto_unmount)
		return watch_mount(h, args->quiet);
	return args->unmount ? unmount(h, args->lazy, args->quiet) : mount(h, args->sync_init);
}

int fusermount_main(char **argv)
{
	static struct helper helper;
	struct args args = { .comm_fd = -1 };
	struct opt_rest rest;

	if (priv_caller() < 0)
		return msg_refuse("cannot take the caller's rights");
	helper.at.uid = sys_getuid();
	helper.root = helper.at.uid == 0;
	if (!priv_may_mount())
		exec_setuid_helper(argv);
	if (!applet_parse(options, &args, argv, &rest))
		return 1;
	return run(&helper, &args, rest.operands);
}

APPLET(fusermount, "fusermount3", "usr/bin", "MOUNTPOINT",
       "mount or unmount for a user, as libfuse's helper", options)
#define fusermount2_main fusermount_main
APPLET(fusermount2, "fusermount", "usr/bin", "MOUNTPOINT",
       "fusermount3 as libfuse 2 calls it", options)
