/* SPDX-License-Identifier: MIT */
/* keep_unmount: how fmount --keep unmounts at a signal. */
#ifndef FUSEBOX_FMOUNT_KEEP_UNMOUNT_H
#define FUSEBOX_FMOUNT_KEEP_UNMOUNT_H

#include "mount/mount.h"

/* Unmounts the mount; if it is busy, detaches it and reports the processes that hold it. The keeper calls this in a
   child, since umount(2) may wait for the server. device: /dev/fuse; server: the server's pid. Returns an exit status. */
int keep_unmount(const struct mountpoint *at, int device, int server);

#endif
