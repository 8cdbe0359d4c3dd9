/* policy: what a caller who is not root may have mounted, by fuse.conf and by
 * the rules that fusermount3(1) has always had.
 *
 * Everything is looked at with the effective ids, which must be the caller's.
 * Functions return 0, or -errno with `why` saying it in the words that
 * programs know from the original.
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
	int64_t mount_max;	/* FUSE file systems at once; below 0: any number */
	char allowed[512];	/* allow_fstype: " NAME NAME " */
};

/* Reads fuse.conf, if there is one; tells `note` of each line that it does not
   understand. 0, also when there is no file; or -errno, when nothing may be mounted: the
   file cannot be read, is longer than 16 KiB, or its mount_max is no number. */
int policy_read(struct policy *policy, void (*note)(const char *fmt, ...));

/* Whether the caller may mount on at->under: owner, sticky bit, permission to
   write, and a file system below that is known to stand it. Never waits for a
   file system that is mounted there. */
int policy_mountpoint(const struct policy *policy, const struct mountpoint *at, struct out *why);

/* Whether `extra` more may be mounted without exceeding mount_max. 0; -EUSERS; or
   the -errno of the count that failed. */
int policy_count(const struct policy *policy, int extra, struct out *why);

#endif
