/* umount: umount2(2) with care. See umount.h. */
#define _GNU_SOURCE
#include "umount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

int umount_path(const char *path, enum umount_how how)
{
	static const int flags[] = {
		[UMOUNT_PLAIN] = 0, [UMOUNT_LAZY] = MNT_DETACH,
		[UMOUNT_ABORT] = MNT_FORCE | MNT_DETACH,
	};

	return sys_umount2(path, flags[how] | UMOUNT_NOFOLLOW);
}

static bool same_mount(const struct sys_stat *a, const struct sys_stat *b)
{
	return a->dev_major == b->dev_major && a->dev_minor == b->dev_minor
	       && a->mount_id == b->mount_id && a->unique_id == b->unique_id;
}

int umount_known(const char *path, const struct sys_stat *known, enum umount_how how)
{
	struct sys_stat now;
	int err = sys_stat_path(path, O_NOFOLLOW, true, &now);

	if (err)
		return err;
	return same_mount(known, &now) ? umount_path(path, how) : -ESTALE;
}
