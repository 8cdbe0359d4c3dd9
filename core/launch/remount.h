/* SPDX-License-Identifier: MIT */
/* remount: changes the flags of a mount, as "mount -o remount" does. */
#ifndef FUSEBOX_LAUNCH_REMOUNT_H
#define FUSEBOX_LAUNCH_REMOUNT_H

#include <stdbool.h>

/* Sets the flags in the list of mount options on the mount at target, and keeps its other flags.
   Modifies the list. With `bind` changes that mount alone, not its superblock. Refuses options
   that are not flags, unless the list comes from mount(8), which also passes the server's
   options. Returns mount(8)'s exit status, 0, 1 or 32, after printing any error. */
int remount(const char *target, char *list, bool bind, bool from_mount);

/* The same for the mount that the descriptor `mount` is open on, since another user could rename names on
   the path meanwhile. Without /proc there are only names. */
int remount_open(int mount, const char *target, char *list, bool bind, bool from_mount);

/* Sets those flags of the list that restrict what users can do on a new mount, before it is attached. Best effort:
   takes Linux 5.12. */
void remount_restrict(int mount, const char *list);

#endif
