/* SPDX-License-Identifier: MIT */
/* policy: the mounts that fuse.conf and the rules of fusermount3(1) permit to a user other than
 * root.
 *
 * The kernel checks access with the effective ids, which must be the user's. Functions return 0,
 * or -errno with a message in `why`, worded as libfuse's fusermount3 words it, because programs
 * match on it.
 */
#ifndef FUSEBOX_MOUNT_POLICY_H
#define FUSEBOX_MOUNT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/mount.h"
#include "out.h"

#define POLICY_FILE "/etc/fuse.conf"

struct policy {
	bool user_allow_other;
	int64_t mount_max;	/* number of FUSE file systems mounted at once; below 0: no limit */
	char allowed[512];	/* allow_fstype: " NAME NAME " */
};

/* Reads fuse.conf, and calls `note` for each line that it does not understand. Returns 0, also if
   there is no file; or -errno if the file is not readable, is longer than 16 KiB, or has a
   mount_max that is not a number: the caller then mounts nothing. */
int policy_read(struct policy *policy, void (*note)(const char *fmt, ...));

/* Whether the user may mount on at->under: checks its owner, sticky bit, write permission, and
   that its file system type is permitted. Sends no request to a FUSE mount there. */
int policy_mountpoint(const struct policy *policy, const struct mountpoint *at, struct out *why);

/* Whether `extra` more file systems stay within mount_max. Returns 0; -EUSERS; or the -errno of
   counting the mounts. */
int policy_count(const struct policy *policy, int extra, struct out *why);

#endif
