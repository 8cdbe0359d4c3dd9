/* umount: take a mount away, and only the one that is meant. */
#ifndef FUSEBOX_UMOUNT_H
#define FUSEBOX_UMOUNT_H

#include <stdint.h>

#include "sys.h"

enum umount_how { UMOUNT_PLAIN, UMOUNT_LAZY, UMOUNT_ABORT /* wake everyone, and detach */ };

/* Unmounts what is on top at path, an absolute path without symbolic links in
   its last component. Never asks the file system anything. Returns 0 or
   -errno: -EBUSY if in use (plain), -EINVAL if nothing is mounted there. */
int umount_path(const char *path, enum umount_how how);

/* The same, if the mount on top at path is still the one that was `known`;
   -ESTALE if another mount, or none, is there now. */
int umount_known(const char *path, const struct sys_stat *known, enum umount_how how);

#endif
