/* SPDX-License-Identifier: MIT */
/* mount_or_report: mounting steps that print their own errors, with the same messages in each
 * applet. */
#ifndef FUSEBOX_LAUNCH_MOUNT_OR_REPORT_H
#define FUSEBOX_LAUNCH_MOUNT_OR_REPORT_H

#include "mount/mount.h"

/* Mounts at path, or on `held` if it is not -1, a descriptor open there, which is closed: with
   mount_pin() and mount_fuse(). Returns the /dev/fuse descriptor, which the
   caller closes, or -1 after printing the error. */
int mount_or_report(struct mountpoint *at, int held, const char *path, const struct optlist *options);

/* Prints why mount(2) refused to change the mount at path. Returns status. */
int report_unmounted(int status, const char *path, int negative_errno);

/* Creates the mountpoint if the list of mount options has X-mount.mkdir, and sets *held to its
   descriptor, else to -1. Returns 0, or 1 after printing the error. */
int make_point_or_report(const char *path, const char *options, int *held);

#endif
