/* remount: changes the flags of what is mounted, as "mount -o remount" does. */
#ifndef FUSEBOX_LAUNCH_REMOUNT_H
#define FUSEBOX_LAUNCH_REMOUNT_H

#include <stdbool.h>

/* Sets the flags in the list of mount options, which is changed, on the mount at target; the
   others stay as they are. With `bind` that one mount alone is meant. Words that are no flags
   are refused, unless the list comes from mount(8), which adds the server's options. Returns
   the exit status of mount(8): 0, 1 or 32; what is wrong has been said. */
int remount(const char *target, char *list, bool bind, bool from_mount);

#endif
