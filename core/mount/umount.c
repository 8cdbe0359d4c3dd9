/* SPDX-License-Identifier: MIT */
/* umount: umount2(2) with care. See umount.h. */
#define _GNU_SOURCE
#include "mount/umount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "mount/ours.h"
#include "mount/table.h"
#include "mount/turn.h"

static const int flags[] = {
	[UMOUNT_PLAIN] = 0, [UMOUNT_LAZY] = MNT_DETACH,
	[UMOUNT_ABORT] = MNT_FORCE | MNT_DETACH,
};

int umount_path(const char *path, enum umount_how how)
{
	return sys_umount2(path, flags[how] | UMOUNT_NOFOLLOW);
}

int umount_fd(int fd, enum umount_how how)
{
	char name[32];

	return sys_umount2(sys_fd_path(name, fd), flags[how]);
}

bool umount_is_same(const struct sys_stat *a, const struct sys_stat *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor
	       && a->mount_id == b->mount_id && a->unique_id == b->unique_id;
}

int umount_open_known(const char *path, const struct sys_stat *known)
{
	struct sys_stat now;
	int fd = sys_open(path, O_PATH | O_NOFOLLOW, 0), err;

	if (fd < 0)
		return fd;
	/* After mount(2), `known` may have a reusable mount id only. */
	err = known->unique_id ? table_identify(fd, &now) : sys_statx(fd, "", false, &now);
	if (!err && !umount_is_same(known, &now))
		err = -ESTALE;
	if (err)
		sys_close(fd);
	return err ? err : fd;
}

int umount_open_parent(const char *path)
{
	char parent[4096];
	size_t len = (size_t)(strrchr(path, '/') - path);

	if (len >= sizeof(parent))
		return -ENAMETOOLONG;
	memcpy(parent, path, len);
	parent[len ? len : 1] = '\0';
	parent[0] = '/';
	return sys_open(parent, O_PATH | O_DIRECTORY, 0);
}

/* Without /proc a mount can be detached by name only. Use the name in its parent directory, if only root
   and the caller can change that directory after the comparison. */
static int detach_by_name(const char *path, enum umount_how how)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? umount_open_parent(path) : sys_open(".", O_PATH | O_DIRECTORY, 0);
	int before = -1, err = dir < 0 ? dir : ours_is_directory(dir) ? sys_enter_directory(dir, &before) : -ENOENT;

	if (!err)
		err = umount_path(slash ? slash + 1 : path, how);
	sys_leave_directory(before);
	if (dir >= 0)
		sys_close(dir);
	return err;
}

int umount_known(const char *path, const struct sys_stat *known, enum umount_how how)
{
	int fd = umount_open_known(path, known), err = 0;

	if (fd < 0)
		return fd;
	if (how != UMOUNT_PLAIN)
		err = umount_fd(fd, how);
	sys_close(fd);	/* An open descriptor keeps the mount busy. */
	if (how == UMOUNT_PLAIN)
		return umount_path(path, how);
	return err == -ENOENT ? detach_by_name(path, how) : err;
}

int umount_known_in_turn(const char *path, const struct sys_stat *known, enum umount_how how)
{
	int turn = sys_geteuid() == 0 ? turn_open() : -ENOENT;
	int err = turn < 0 ? 0 : turn_take(turn, known);

	/* Without the turn, do not unmount by name: another process's unmount may make the name lead to the
	   mount below. Detaching uses a descriptor and needs no turn. */
	err = err == -ETIMEDOUT && how == UMOUNT_PLAIN ? -EBUSY : umount_known(path, known, how);
	if (turn >= 0)
		sys_close(turn);
	return err;
}

bool umount_is_known(const char *path, const struct sys_stat *known)
{
	int fd = umount_open_known(path, known);

	if (fd >= 0)
		sys_close(fd);
	return fd >= 0;
}
