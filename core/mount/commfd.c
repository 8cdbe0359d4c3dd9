/* SPDX-License-Identifier: MIT */
/* commfd: runs a set-uid fusermount3 to mount, and receives the descriptor.
 *
 * The helper finds a socket's number in _FUSE_COMMFD and sends the mounted
 * /dev/fuse descriptor over it, as fusermount3 has done since libfuse 2.
 */
#include <errno.h>
#include <string.h>

#include "cli/env.h"
#include "mount/mount.h"
#include "mount/ours.h"
#include "mount/umount.h"
#include "sys/child.h"

extern char **environ;

static int find_helper(char *found, size_t size)
{
	int err = env_find("fusermount3", false, found, size);

	return err ? env_find("fusermount", false, found, size) : 0;
}

/* Runs in the child: executes the helper, with the socket's number in _FUSE_COMMFD. */
static void __attribute__((noreturn)) exec_helper(const char *path, char **argv, int socket)
{
	char variable[32];

	text_fmt(variable, sizeof(variable), "_FUSE_COMMFD=%d", socket);
	env_set(variable);
	if (socket >= 0)
		sys_set_cloexec(socket, false);
	sys_exec(path, argv, environ);
	sys_exit(127);
}

static int run_helper(const char *path, char **argv, int socket)
{
	int pid = sys_fork();

	if (pid == 0)
		exec_helper(path, argv, socket);
	return pid;
}

int commfd_mount(const struct mountpoint *at, const struct optlist *options, struct out *why)
{
	char helper[512], text[4096];
	struct out o = OUT_TEXT(text);
	char *argv[] = { helper, (char *)"-o", text, (char *)"--", (char *)at->path, NULL };
	int pair[2], pid, fd, err = find_helper(helper, sizeof(helper));

	if (err) {
		out_str(why, ", and there is no fusermount3 in PATH to do it for this user");
		return -EPERM;
	}
	optlist_text(options, &o);
	out_text(&o);
	err = sys_socketpair(pair);
	if (err)
		return err;
	pid = run_helper(helper, argv, pair[1]);
	sys_close(pair[1]);
	fd = pid < 0 ? pid : sys_receive_fd(pair[0]);
	sys_close(pair[0]);
	if (pid > 0)
		sys_wait(pid, &err);
	why->len = 0;
	if (fd < 0)
		out_fmt(why, "%s: %s did not mount it", at->path, helper);
	return fd;
}

/* fusebox's own fusermount3 may be the first in PATH: it executes a set-uid one. */
static bool is_any_setuid(void)
{
	char helper[512];

	return env_find("fusermount3", true, helper, sizeof(helper)) == 0
	       || env_find("fusermount", true, helper, sizeof(helper)) == 0;
}

int commfd_unmount(const char *path, bool lazy)
{
	char helper[512];
	char *argv[] = { helper, (char *)"-u", (char *)(lazy ? "-qz" : "-q"), (char *)"--",
			 (char *)path, NULL };
	int status = 0, pid, err = find_helper(helper, sizeof(helper));

	if (err)
		return -EPERM;
	pid = run_helper(helper, argv, -1);
	if (pid < 0)
		return pid;
	err = sys_wait(pid, &status);
	if (err < 0 || !status)
		return err < 0 ? err : 0;
	/* The helper's exit status has no reason. A set-uid helper usually fails because the mount
	   is busy. */
	return is_any_setuid() ? -EBUSY : -EPERM;
}

int commfd_umount_known(const struct mountpoint *at, int how)
{
	int err = umount_known(at->path, &at->mounted, (enum umount_how)how);

	return err == -EPERM ? commfd_unmount(at->path, how != UMOUNT_PLAIN) : err;
}

static int detach(void *at)
{
	return commfd_umount_known(at, UMOUNT_LAZY);
}

int commfd_detach_soon(const struct mountpoint *at)
{
	enum { LIMIT_MS = 1000 };

	return child_run_on(detach, (void *)at, LIMIT_MS);
}

/* umount2(2) takes a path, and a user who may rename a directory on it could redirect it to
   another mount. So change to the parent directory first. Another user who can rename names there
   could exchange two mountpoints from a mount namespace where nothing is mounted on them. */
int commfd_umount_in_parent(const struct mountpoint *at)
{
	int parent = umount_open_parent(at->path);
	int err = parent < 0 ? parent : sys_geteuid() == 0 && !ours_is_directory(parent) ? -EAGAIN : sys_fchdir(parent);

	if (parent >= 0)
		sys_close(parent);
	if (!err)
		err = umount_known_in_turn(strrchr(at->path, '/') + 1, &at->mounted, UMOUNT_PLAIN);
	sys_chdir("/");
	return err == -EPERM ? commfd_unmount(at->path, false) : err;
}
