/* SPDX-License-Identifier: MIT */
/* launch: see launch.h. */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "health/fusectl.h"
#include "cli/env.h"
#include "mount/mount.h"
#include "msg.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/table.h"
#include "cli/user.h"

extern char **environ;

int launch_no_user(const char *user, int err)
{
	msg("%s: %s", user, err == -ENOENT ? "no such user or group" : msg_reason(err));
	return 1;
}

int launch_become(const struct launch *l)
{
	static char home[sizeof("HOME=") + sizeof(((struct user *)0)->home)];
	struct user user;
	int err = l->user ? user_find(l->user, &user) : 0;

	if (err)
		return launch_no_user(l->user, err);
	if (l->drop_caps)
		priv_lock_caps();
	if (l->user) {
		err = priv_become(user.uid, user.gid, user.groups, user.group_count);
		text_fmt(home, sizeof(home), "HOME=%s", user.home);
		if (!err && !getenv("HOME"))
			err = env_set(home);
	}
	if (!err && l->drop_caps)
		err = priv_drop_caps();
	if (!err && l->no_new_privs)
		err = priv_no_new();
	if (err == -EPERM && l->user) {
		msg("%s: running a program as this user needs CAP_SETUID and CAP_SETGID; run this as root", l->user);
		return 1;
	}
	return err ? msg_errno(1, l->user ? l->user : "privileges", err) : 0;
}

int launch_exec(const char *file, char **argv)
{
	static char found[4096];
	struct sys_stat st;
	bool search = !strchr(file, '/');
	int unfound = search ? env_find(file, false, found, sizeof(found)) : 0;
	int err = unfound ? unfound : sys_exec(search ? found : file, argv, environ);

	if (err != -ENOENT)
		return msg_errno(LAUNCH_NOT_EXECUTABLE, file, err);
	msg("%s: %s", file, unfound ? "no such program in PATH"
	    : sys_stat_path(search ? found : file, 0, false, &st) == 0 ? "its interpreter is missing" : msg_reason(err));
	return LAUNCH_NOT_FOUND;
}

uint64_t launch_mounted(const char *path)
{
	struct sys_stat st;

	return sys_stat_path(path, 0, false, &st) == 0 ? st.mount_id : 0;
}

static bool is_answering(const char *path, uint64_t before)
{
	int fd = sys_open(path, O_PATH, 0);
	struct table_row row;
	struct sys_stat st;
	bool mounted = fd >= 0 && sys_statx(fd, "", false, &st) == 0 && st.mount_id != before
		       && table_of_fd(fd, &row, false) == 0 && table_is_fuse(&row);

	if (fd >= 0)
		sys_close(fd);
	return mounted && fusectl_waiting(table_connection(&row)) <= 0;
}

int launch_exit_status(int status)
{
	return sys_exit_signal(status) ? 128 + sys_exit_signal(status) : sys_exit_code(status);
}

/* A server that goes to the background may exit before its child has mounted. */
static bool is_mounted_soon(const char *path, uint64_t before)
{
	enum { LOOK_EVERY_MS = 20, LOOKS = 50 };

	for (int i = 0; i < LOOKS; i++) {
		if (launch_mounted(path) != before)
			return true;
		sys_sleep_ms(LOOK_EVERY_MS);
	}
	return false;
}

struct awaited { const char *path; int held; uint64_t before, connection; };

static const char *path_of(const struct awaited *a)
{
	static char path[4096];

	return a->held >= 0 && mount_path_of(a->held, path, sizeof(path)) == 0 ? path : a->path;
}

static bool has_answered(const struct awaited *a)
{
	return a->path ? is_answering(path_of(a), a->before) : fusectl_waiting(a->connection) <= 0;
}

static bool is_there(const struct awaited *a)
{
	return a->path ? is_mounted_soon(path_of(a), a->before) : !fusectl_is_over(a->connection);
}

/* A server that launch_wait() looks for by its mountpoint may have mounted before it went to the background:
   its first process ends with success only then. A connection was there before its server. */
static int wait_for(int child, const struct awaited *a, int milliseconds)
{
	int pause = 1, status;
	bool ended = false;

	for (int waited = 0; milliseconds < 0 || waited < milliseconds; waited += pause) {
		if (!ended && sys_wait_ended(child, &status) == child) {
			status = launch_exit_status(status);
			if (status || !is_there(a))
				return status ? status : LAUNCH_UNMOUNTED;
			if (a->path)
				return 0;
			ended = true;
		}
		if (has_answered(a))
			return 0;
		sys_sleep_ms(pause);
		pause += pause < 20;
	}
	return -ETIMEDOUT;
}

int launch_wait(int child, const char *path, int held, uint64_t before, int milliseconds)
{
	return wait_for(child, &(struct awaited) { .path = path, .held = held, .before = before }, milliseconds);
}

int launch_wait_connection(int child, uint64_t connection, int milliseconds)
{
	return wait_for(child, &(struct awaited) { .connection = connection }, milliseconds);
}
