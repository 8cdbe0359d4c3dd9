/* SPDX-License-Identifier: MIT */
/* umount: unmounts or detaches a mount, and no other mount that its path leads to meanwhile. */
#ifndef FUSEBOX_MOUNT_UMOUNT_H
#define FUSEBOX_MOUNT_UMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

enum umount_how { UMOUNT_PLAIN, UMOUNT_LAZY, UMOUNT_ABORT /* abort the connection and detach */ };

/* Unmounts the top mount at path, an absolute path whose last component is no symbolic link. Sends
   the file system no request. Returns 0 or -errno: -EBUSY if in use (plain), -EINVAL if nothing
   is mounted there. */
int umount_path(const char *path, enum umount_how how);

/* Unmounts the mount whose root fd is open on, or the mount on top of that, through the path of fd in
   /proc. The caller keeps fd, so a plain unmount returns -EBUSY unless another mount is on top.
   Returns 0 or -errno: -EINVAL if it is unmounted already, -ENOENT without /proc. */
int umount_fd(int fd, enum umount_how how);

/* Whether two results of table_identify() are of the same mount. */
bool umount_is_same(const struct sys_stat *a, const struct sys_stat *b);

/* Opens the top mount at path if it is still `known`. Returns an O_PATH descriptor, which the caller
   closes, or -errno: -ESTALE if another mount, or none, is there now. */
int umount_open_known(const char *path, const struct sys_stat *known);

/* Opens the parent directory of path, which is absolute. Returns an O_PATH descriptor, which the caller
   closes, or -errno. The kernel renames a mountpoint only from a mount namespace where nothing is
   mounted on it, but users may rename directories above it: to unmount by name, change to the
   parent first. */
int umount_open_parent(const char *path);

/* Unmounts the top mount at path if it is still `known`. It detaches by descriptor; without /proc by
   name, if only root and the caller can change names in the directory, else -ENOENT. A plain
   unmount uses the name after the comparison, so the caller takes the mount's turn (turn.h)
   before. Returns 0 or -errno, as above. */
int umount_known(const char *path, const struct sys_stat *known, enum umount_how how);

/* As umount_known(), but root first takes the mount's turn; other users cannot take it. Also returns
   -EBUSY if another process keeps the turn and the unmount is plain. */
int umount_known_in_turn(const char *path, const struct sys_stat *known, enum umount_how how);

/* Whether the top mount at path is still `known`. */
bool umount_is_known(const char *path, const struct sys_stat *known);

#endif
