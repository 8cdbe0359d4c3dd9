/* SPDX-License-Identifier: MIT */
/* unmount: unmounts a target without waiting for a server that hangs. */
#ifndef FUSEBOX_TARGET_UNMOUNT_H
#define FUSEBOX_TARGET_UNMOUNT_H

#include "target/target.h"
#include "mount/umount.h"

enum { UNMOUNT_LIMIT_MS = 1000 };

/* Unmounts the target if it is still the same mount, through the set-uid helper if this user lacks
   the privilege. A child does it, because the kernel may wait for the server (to write dirty
   pages, or for the reply to fuseblk's DESTROY). Returns 0 or -errno: -EBUSY; -ENOENT: the mount
   is gone; -ESTALE: it is covered or was moved; -ETIMEDOUT: the child still waits after
   UNMOUNT_LIMIT_MS, and unmount_wait() returns its result later; -EOPNOTSUPP: other users can change names in its
   directory, and this build cannot look for holders before it detaches what is not busy. */
int unmount_target(const struct target *target, enum umount_how how);
/* Waits for that child for up to so many milliseconds. Returns as unmount_target(). */
int unmount_wait(int milliseconds);

/* As unmount_target(), but in this process and without a time limit. */
int unmount_directly(const struct target *target, enum umount_how how);

/* Makes the target's file system read-only, and keeps the other flags of the mount. Returns 0 or -errno:
   -EBUSY: a file is open for writing; -ESTALE: another mount is there by now; -ETIMEDOUT. */
int unmount_read_only(const struct target *target);

/* Aborts the target's connection if it is still the one that target_find() found, through fusectl or,
   if that is not accessible, with MNT_FORCE on the same mount, without unmounting; a child does that
   lookup. Returns 0; -ENOENT if the mount is gone; or another -errno. */
int unmount_abort(const struct target *target);

#endif
