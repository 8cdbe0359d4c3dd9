/* SPDX-License-Identifier: MIT */
/* beneath: put a new FUSE mount below the mount that is on top of a directory, so that there is never
 * a moment with neither. MOVE_MOUNT_BENEATH, since Linux 6.5: move_mount(2). */
#ifndef FUSEBOX_FMOUNT_BENEATH_H
#define FUSEBOX_FMOUNT_BENEATH_H

#include <stdbool.h>

#include "mount/mount.h"
#include "mount/umount.h"

struct beneath {
	int top;		/* O_PATH descriptor of the root of the mount on top */
	int mount;		/* descriptor of the new mount */
	bool remove;		/* beneath_place() unmounts the mount on top … */
	enum umount_how how;	/* … in this way */
};

/* Opens the mount on top of path, or duplicates `held`, a descriptor that is open there (-1: none).
   stale: only if it is a FUSE mount whose server is gone, or is shown to hang; beneath_place() then
   removes it once the new mount is below it. Returns 1, and the caller calls
   beneath_close(); 0: nothing (or with `stale`, no FUSE file system) is mounted there; or -errno
   once it has printed the error. */
int beneath_open(struct beneath *beneath, int held, const char *path, bool stale);

/* Creates the new mount, which is attached nowhere yet, but whose server can answer. Returns the
   /dev/fuse descriptor, which the caller closes, or -errno (printed, except -ENOSYS and -EPERM). at
   receives the path of the mount on top, and the identity of the new one. */
int beneath_create(struct beneath *beneath, struct mountpoint *at, const char *path, const struct optlist *options);

/* Attaches the new mount, and removes the one on top if it is stale: on kernels before 6.5, or where
   the kernel refuses, first removes it. 0, or -errno once it has printed the error; the new mount
   is then attached nowhere. */
int beneath_place(struct beneath *beneath, struct mountpoint *at);

/* Removes the mount on top alone. 0 or -errno. */
int beneath_remove(struct beneath *beneath);

/* Closes the descriptors. A new mount that beneath_place() has not attached goes with its descriptor. */
void beneath_close(struct beneath *beneath);

#endif
