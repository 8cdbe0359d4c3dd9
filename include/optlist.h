/* SPDX-License-Identifier: MIT */
/* optlist: convert "-o ro,allow_other,fsname=my disk" to mount(2)'s flags and data, and
 * back. Makes no system calls.
 *
 * The option names are those of mount(8) and mount.fuse3(8). As in mount(8), the
 * last of two contradicting options wins.
 */
#ifndef FUSEBOX_OPTLIST_H
#define FUSEBOX_OPTLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"
#include "out.h"

/* mount(2)'s flags. Not all libcs define all of them. */
enum {
	MOUNT_RDONLY = 1, MOUNT_NOSUID = 2, MOUNT_NODEV = 4, MOUNT_NOEXEC = 8,
	MOUNT_SYNC = 0x10, MOUNT_DIRSYNC = 0x80, MOUNT_NOSYMFOLLOW = 0x100,
	MOUNT_NOATIME = 0x400, MOUNT_NODIRATIME = 0x800,
	MOUNT_RELATIME = 0x200000, MOUNT_STRICTATIME = 0x1000000, MOUNT_LAZYTIME = 0x2000000,
	MOUNT_NONE = 0x4000000,	/* no flag */
};

struct optlist {
	uint32_t flags;			/* MOUNT_* */
	bool allow_other;
	bool default_permissions;
	uint32_t max_read;		/* bytes; 0: not given */
	uint32_t blksize;		/* bytes, fuseblk only; 0: not given */
	bool blkdev;			/* type "fuseblk": fsname is the block device */
	const char *fsname;		/* the source; NULL: not given */
	const char *subtype;		/* what follows "fuse."; NULL: not given */
	/* For an applet with its own options: called with each option ("name" or
	   "name=value") first. Returns true if it has handled the option; it has
	   refused the option if it set *why. */
	bool (*first)(struct optlist *options, char *option, const char **why);
};

/* Parses the options in text and adds them. It changes text, and values point into it;
   "\," and "\\" in a value stand for "," and "\". Returns NULL, or why *bad (a part
   of text) is refused: opt_unknown for an unknown option. */
const char *optlist_parse(struct optlist *options, char *text, const char **bad);

/* Ends the first option of a list with a NUL instead of its comma. Returns where the next option
   begins, NULL after the last. Backslashes stay. */
char *optlist_cut(char *list);

/* Whether only mount(8) and other readers of fstab(5) use the option, which does not affect the
   mount itself: noauto, nofail, _netdev, user, comment=, x-*, X-* and the like. */
bool optlist_is_for_mount(const char *option);

/* Why an option is refused that sets an SELinux label (context= and its kind), a static string; NULL:
   it is another option. */
const char *optlist_label(const char *option);

/* Finds X-mount.mkdir or X-mount.mkdir=MODE (octal; default 0755) in a list. Returns 1, 0 if the
   option is missing, or -EINVAL if MODE is invalid. */
int optlist_mkdir(const char *list, uint32_t *mode);

/* Adds the options of a list that also has options for other programs: skips options that are
   unknown or refused. */
void optlist_known(struct optlist *options, char *text);

/* Why an unknown option is refused: opt_unknown, or the same with the option that it is like ("did you mean ro?").
   `table` has the options that the program takes beside those of the mount; NULL: none. */
const char *optlist_unknown(const struct opt *table, const char *option);

/* Appends ",name" for each option that the kernel's FUSE takes, without those that every
   mount needs (fd, rootmode, user_id, group_id). */
void optlist_fuse(const struct optlist *options, struct out *to);

/* Writes all options as fusermount3's -o takes them, with commas and backslashes escaped. */
void optlist_text(const struct optlist *options, struct out *to);

#endif
