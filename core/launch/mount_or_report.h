/* say: what several applets tell in the same words. */
#ifndef FUSEBOX_LAUNCH_MOUNT_OR_REPORT_H
#define FUSEBOX_LAUNCH_MOUNT_OR_REPORT_H

#include "mount/mount.h"

/* Mounts options at path: mount_pin() and mount_fuse(). Returns the descriptor, or
   -1 when it was said what is wrong. */
int say_mount(struct mountpoint *at, const char *path, const struct optlist *options);

/* Makes the mountpoint if the list of mount options has X-mount.mkdir. 0, or 1 when it was
   said what is wrong. */
int say_make_point(const char *path, const char *options);

#endif
