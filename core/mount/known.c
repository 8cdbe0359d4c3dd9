/* SPDX-License-Identifier: MIT */
/* known: unmounts a mount of this process. See mount.h. */
#include <errno.h>

#include "mount/mount.h"
#include "mount/umount.h"

/* NULL in a small build. */
extern __typeof__(commfd_unmount) commfd_unmount __attribute__((weak));

int commfd_umount_known(const struct mountpoint *at, int how)
{
	int err = umount_known(at->path, &at->mounted, (enum umount_how)how);

	return err == -EPERM && commfd_unmount ? commfd_unmount(at->path, how != UMOUNT_PLAIN) : err;
}
