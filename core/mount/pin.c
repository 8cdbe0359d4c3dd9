/* SPDX-License-Identifier: MIT */
/* pin: hold on to a mountpoint before mounting on it. See mount.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/mount.h"
#include "msg.h"
#include "mount/table.h"

/* The absolute path of a directory or file that is held open. Without /proc
   only a directory's can be told. */
int mount_path_of(int fd, char *path, size_t size)
{
	char name[32];
	ssize_t n = sys_readlink(sys_fd_path(name, fd), path, size - 1);
	int before, err;

	if (n >= 0) {
		path[n] = '\0';
		return (size_t)n < size - 1 ? 0 : -ENAMETOOLONG;
	}
	if (n != -ENOENT)
		return (int)n;
	err = sys_enter_directory(fd, &before);
	if (!err)
		err = sys_getcwd(path, size);
	sys_leave_directory(before);
	return err;
}

/* A small build names what it has. */
const char mount_clears[3] __attribute__((weak)) = "-R";
const char mount_replaces[22] __attribute__((weak)) = "-R or --replace-stale";

static int explain_failure(struct out *why, const char *object, int err)
{
	out_fmt(why, err == -ENOTCONN ? "%s: %s; a dead mount is there, fumount %s clears it" : "%s: %s", object, msg_reason(err),
		mount_clears);
	return err;
}

/* Refuse to cover a FUSE mount: the new mount would hide one whose server is dead. Another file
   system, such as a volume, may be covered. */
static int check_free(const struct mountpoint *at, const struct sys_stat *st, struct out *why)
{
	struct table_row row;

	if (st->inside || table_of_fd(at->under, &row, false) != 0 || !table_is_fuse(&row)
	    || strcmp(row.mountpoint, at->path) != 0)
		return 0;
	out_fmt(why, "%s: already mounted; unmount it first (fumount; fumount %s if it is dead)",
		at->path, mount_replaces);
	return -EBUSY;
}

static int examine(struct mountpoint *at, const char *path, struct out *why)
{
	struct sys_stat st;
	int err = mount_path_of(at->under, at->path, sizeof(at->path));

	if (!err)
		err = sys_statx(at->under, "", false, &st);
	if (err)
		return explain_failure(why, path, err);
	err = check_free(at, &st, why);
	if (err)
		return err;
	if (!S_ISDIR(st.mode)) {
		out_fmt(why, "%s: %s; a mountpoint is a directory", path, msg_reason(-ENOTDIR));
		return -ENOTDIR;
	}
	at->mode = st.mode;
	return 0;
}

int mount_pin_held(struct mountpoint *at, int held, const char *path, struct out *why)
{
	int err;

	*at = (struct mountpoint) { .under = held, .uid = sys_getuid(), .gid = sys_getgid() };
	err = examine(at, path, why);
	if (err)
		sys_close(held);
	return err;
}

int mount_pin(struct mountpoint *at, const char *path, struct out *why)
{
	int held = sys_open(path, O_PATH, 0);

	if (held >= 0)
		return mount_pin_held(at, held, path, why);
	out_fmt(why, "%s: %s%s", path, msg_reason(held), held == -ENOENT ? "; make the directory first" : "");
	return held;
}
