/* SPDX-License-Identifier: MIT */
/* keep_unmount: how fmount --keep unmounts at a signal. */
#ifndef FUSEBOX_FMOUNT_KEEP_UNMOUNT_H
#define FUSEBOX_FMOUNT_KEEP_UNMOUNT_H

#include "mount/mount.h"

/* Unmounts, or detaches a busy mount and reports who holds it. For a child of the keeper: umount(2) may wait for the
   server, whose pid is `server`. `device` is /dev/fuse. Returns an exit status. */
int keep_unmount(const struct mountpoint *at, int device, int server);

#endif
