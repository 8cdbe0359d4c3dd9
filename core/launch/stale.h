/* SPDX-License-Identifier: MIT */
/* stale: whether a mount may give its place to another (--replace-stale). */
#ifndef FUSEBOX_LAUNCH_STALE_H
#define FUSEBOX_LAUNCH_STALE_H

#include "mount/umount.h"

/* Whether the server of the connection is gone, or shown to hang, for which it is watched for up to a
   second. Returns 1, and *how tells how to remove the mount; or -EBUSY once it has printed why not,
   with `path` as the object. */
int stale_check(const char *path, uint64_t connection, enum umount_how *how);

#endif
