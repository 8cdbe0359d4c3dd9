/* SPDX-License-Identifier: MIT */
/* mount_server: see mount_args.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/env.h"
#include "launch/launch.h"
#include "mount/mount.h"
#include "mount_args.h"
#include "msg.h"
#include "sys/priv.h"
#include "launch/remount.h"
#include "launch/mount_or_report.h"
#include "sys.h"
#include "mount/umount.h"

enum { FAILED = 32 };	/* mount(8)'s exit status for a failed mount */

/* An option that neither this mount nor the server, which does not mount, could use. */
static const char *label;

static bool find_label(struct optlist *mount, char *option, const char **why)
{
	(void)mount;
	(void)why;
	if (optlist_label(option))
		label = option;
	return false;
}

/* Takes the mount's own options out of args->options, which also has the server's. */
static void take_mount_options(const struct mount_args *args, struct optlist *mount)
{
	static char text[sizeof(args->options)];

	*mount = (struct optlist) { .fsname = args->source ? args->source : args->type,
				    .subtype = args->type, .first = find_label };
	memcpy(text, args->options, sizeof(text));
	optlist_known(mount, text);
}

/* drop_privileges: mount here, and hand the /dev/fuse descriptor to the server. */
static int mount_for_server(struct mount_args *args, struct mountpoint *at)
{
	static char fd_path[32];
	struct optlist mount;
	int device;

	if (!priv_may_mount())
		return msg_refuse("drop_privileges needs CAP_SYS_ADMIN, to mount before it is dropped");
	take_mount_options(args, &mount);
	if (label) {
		msg("%s: %s", label, optlist_label(label));
		return 1;
	}
	device = mount_or_report(at, args->held, args->mountpoint, &mount);
	if (device < 0)
		return 1;
	sys_set_cloexec(device, false);
	text_fmt(fd_path, sizeof(fd_path), "/dev/fd/%d", device);
	args->mountpoint = fd_path;
	return 0;
}

/* At boot the environment may be empty. */
static void complete_environment(bool own_home)
{
	static char home[] = "HOME=/root";
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	if (own_home && !getenv("HOME"))
		env_set(home);
	if (!getenv("PATH"))
		env_set(path);
}

/* Another user may make the path of the directory that X-mount.mkdir has made lead elsewhere: fusebox's own servers
   mount on this descriptor if they are given the same path. */
static void pass_mountpoint(const struct mount_args *args)
{
	static char variable[4096 + 32];

	text_fmt(variable, sizeof(variable), "FUSEBOX_MOUNTPOINT=%d:%s", args->held, args->mountpoint);
	env_set(variable);
	sys_set_cloexec(args->held, false);
}

/* fusebox's own servers then go to the background, as mount(8) expects: one that stays in the foreground holds what
   reads the output of mount(8). Other processes that inherit the variable have other pids. */
static void ask_for_background(void)
{
	static char variable[40];

	text_fmt(variable, sizeof(variable), "FUSEBOX_BACKGROUND=%d", sys_getpid());
	env_set(variable);
}

static int serve(struct mount_args *args)
{
	const struct launch launch = {
		.user = args->setuid && *args->setuid ? args->setuid : NULL,
		.drop_caps = args->drop_privileges, .no_new_privs = args->drop_privileges,
	};
	const char *words[6] = { args->type };
	size_t n = 1;
	int err = launch_leave_terminal(&launch);

	if (err)
		return msg_errno(1, "terminal", err);

	if (args->source)
		words[n++] = args->source;
	words[n++] = args->mountpoint;
	if (*args->options) {
		words[n++] = "-o";
		words[n++] = args->options;
	}
	complete_environment(!launch.user);
	ask_for_background();
	if (args->held >= 0 && !launch.user && !args->drop_privileges)
		pass_mountpoint(args);
	if (launch_become(&launch) != 0)
		return 1;
	return launch_exec(args->type, (char **)words);
}

/* Returns when the server's first process exits, having gone to the background, or when a server
   in the foreground answers. */
static int serve_and_wait(struct mount_args *args)
{
	static struct mountpoint at;
	const char *mountpoint = args->mountpoint;
	uint64_t before = launch_mounted(mountpoint);
	int child, status;

	if (args->drop_privileges && mount_for_server(args, &at) != 0)
		return 1;
	child = sys_fork();
	if (child == 0)
		sys_exit(serve(args));
	status = child < 0 ? child : launch_wait(child, mountpoint, args->drop_privileges ? -1 : args->held, before, -1);
	if (status == LAUNCH_UNMOUNTED) {
		msg("%s: the server exited with status 0, and nothing is mounted", mountpoint);
		status = FAILED;
	}
	/* The server dropped its privileges and cannot unmount when it fails. */
	if (status && args->drop_privileges)
		commfd_umount_known(&at, UMOUNT_LAZY);
	return status < 0 ? msg_errno(1, args->type, status) : status;
}

/* The type is -t's, or stands before the "#" of TYPE#SOURCE. */
static int find_type(struct mount_args *args)
{
	char *mark;

	if (args->type)
		return 0;
	if (!args->source)
		return msg_refuse("empty source");
	args->type = args->source;
	mark = strchr(args->source, '#');
	if (mark)
		*mark++ = '\0';
	args->source = mark;
	return *args->type ? 0 : msg_refuse("empty filesystem type");
}

int mount_args_serve(struct mount_args *args)
{
	if (args->remount)
		return args->fake ? 0 : remount(args->mountpoint, args->options, false, true);
	if (find_type(args) != 0
	    || (!args->nodev && mount_args_add(args, "dev") != 0)
	    || (!args->nosuid && mount_args_add(args, "suid") != 0))
		return 1;
	return args->fake ? 0 : serve_and_wait(args);
}
