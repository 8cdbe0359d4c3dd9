/* unmount: take a target away without being held up by its server. */
#ifndef FUSEBOX_TARGET_UNMOUNT_H
#define FUSEBOX_TARGET_UNMOUNT_H

#include "target/target.h"
#include "mount/umount.h"

enum { UNMOUNT_LIMIT_MS = 1000 };

/* Unmounts it, if it is still the same mount: in a child, since the kernel may wait
   for the server (to take what was written, or, with fuseblk, to end); through the
   set-uid helper where this user may not. 0, or -errno: -EBUSY, -ENOENT when that mount
   is gone, -ESTALE when it is covered or was moved, -ETIMEDOUT when the kernel still waits: the child goes on, and
   unmount_wait() tells its result later. */
int unmount_target(const struct target *target, enum umount_how how);
int unmount_wait(int milliseconds);

/* In this process, without a limit. */
int unmount_directly(const struct target *target, enum umount_how how);

/* Aborts its connection, if the mount is still the same; by fusectl, or where that is
   out of reach by MNT_FORCE, which here does not unmount. 0, -ENOENT when that mount is
   gone, or another -errno. */
int unmount_abort(const struct target *target);

#endif
