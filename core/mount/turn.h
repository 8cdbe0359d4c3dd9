/* SPDX-License-Identifier: MIT */
/* turn: a lock that keeps two fusebox processes from unmounting the same mount by name.
 *
 * A plain umount2(2) takes a path, and an open descriptor would keep the mount busy. So it unmounts
 * the top mount there, even if that has changed since the caller's check. While a process has the
 * mount's turn, no other fusebox process unmounts it.
 */
#ifndef FUSEBOX_MOUNT_TURN_H
#define FUSEBOX_MOUNT_TURN_H

#include "sys.h"

/* Opens the lock file, in the first directory of a fixed list that only root can write. Call it as
   root (priv_open_as_root). Returns a descriptor, which the caller closes; -ENOENT if there is
   no such directory, which then holds for every process; or another -errno. */
int turn_open(void);

/* Takes the turn of the mount, identified by its device, and waits for it up to 10 seconds. Closing
   `file` ends the turn. Returns 0 or -errno: -ETIMEDOUT if another process kept the turn. */
int turn_take(int file, const struct sys_stat *mount);

/* As turn_take(), without waiting: -EAGAIN if another process has the turn. */
int turn_try(int file, const struct sys_stat *mount);

#endif
