/* umount: take a mount away, and only the one that is meant. */
#ifndef FUSEBOX_MOUNT_UMOUNT_H
#define FUSEBOX_MOUNT_UMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

enum umount_how { UMOUNT_PLAIN, UMOUNT_LAZY, UMOUNT_ABORT /* wake everyone, and detach */ };

/* Unmounts what is on top at path, an absolute path without symbolic links in
   its last component. Never asks the file system anything. Returns 0 or
   -errno: -EBUSY if in use (plain), -EINVAL if nothing is mounted there. */
int umount_path(const char *path, enum umount_how how);

/* Detaches the mount that the descriptor fd is on the root of, or what is mounted on top of
   that; looks no name up but that of fd below /proc. The caller keeps fd, which makes a
   plain unmount -EBUSY. 0 or -errno: -EINVAL if it is unmounted already, -ENOENT without /proc. */
int umount_fd(int fd, enum umount_how how);

/* Whether two descriptors are on the same mount, by what table_identify() tells of them. */
bool umount_is_same(const struct sys_stat *a, const struct sys_stat *b);

/* Opens the mount on top at path (O_PATH), if it is still the one that was `known`. Returns
   a descriptor, the caller's, or -errno: -ESTALE if another mount, or none, is there now. */
int umount_open_known(const char *path, const struct sys_stat *known);

/* Opens the directory that holds the last component of path, an absolute one. Returns an O_PATH
   descriptor, the caller's, or -errno. A mountpoint keeps its name in that directory, whatever
   users rename above it: to unmount by the name, go there first. */
int umount_open_parent(const char *path);

/* Unmounts that; detaches by its descriptor, and without /proc by its name if only root and the
   caller can change names in its directory, else -ENOENT. A plain unmount goes by
   the name, after the look: have the mount's turn (turn.h) before. 0 or -errno, as above. */
int umount_known(const char *path, const struct sys_stat *known, enum umount_how how);

/* The same in the mount's turn, for root; anybody else has no turn to take. -EBUSY also when
   somebody else has the turn all the time and the unmount is a plain one. */
int umount_known_in_turn(const char *path, const struct sys_stat *known, enum umount_how how);

/* Whether the mount on top at path is the one that was `known`. */
bool umount_is_known(const char *path, const struct sys_stat *known);

#endif
