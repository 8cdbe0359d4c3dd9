/* umount: umount2(2) with care. See umount.h. */
#define _GNU_SOURCE
#include "umount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

#include "table.h"

static const int flags[] = {
	[UMOUNT_PLAIN] = 0, [UMOUNT_LAZY] = MNT_DETACH,
	[UMOUNT_ABORT] = MNT_FORCE | MNT_DETACH,
};

int umount_path(const char *path, enum umount_how how)
{
	return sys_umount2(path, flags[how] | UMOUNT_NOFOLLOW);
}

static bool same_mount(const struct sys_stat *a, const struct sys_stat *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor
	       && a->mount_id == b->mount_id && a->unique_id == b->unique_id;
}

/* What a descriptor holds can be detached by its name in /proc, whatever comes
   to stand at the path meanwhile. Only a plain umount minds a descriptor. */
static int detach(int fd, const char *path, enum umount_how how)
{
	char name[32];
	int err = sys_umount2(sys_fd_path(name, fd), flags[how]);

	return err == -ENOENT ? umount_path(path, how) : err;
}

int umount_known(const char *path, const struct sys_stat *known, enum umount_how how)
{
	struct sys_stat now;
	int fd = sys_open(path, O_PATH | O_NOFOLLOW, 0), err;

	if (fd < 0)
		return fd;
	err = table_identify(fd, &now);
	if (!err && !same_mount(known, &now))
		err = -ESTALE;
	if (!err && how != UMOUNT_PLAIN)
		err = detach(fd, path, how);
	sys_close(fd);
	return err || how != UMOUNT_PLAIN ? err : umount_path(path, how);
}
