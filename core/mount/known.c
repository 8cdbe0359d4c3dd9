/* SPDX-License-Identifier: MIT */
/* known: unmounts a mount of this process, through the helper if that takes its privilege. See mount.h. */
#include <errno.h>
#include <string.h>

#include "mount/mount.h"
#include "mount/ours.h"
#include "mount/umount.h"
#include "sys/child.h"

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
