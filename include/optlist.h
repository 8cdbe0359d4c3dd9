/* optlist: "-o ro,allow_other,fsname=my disk" to and from what mount(2) takes.
 * No system call.
 *
 * The names are those of mount(8) and of mount.fuse3(8). As in mount(8) the
 * last of two contradicting options wins.
 */
#ifndef FUSEBOX_OPTLIST_H
#define FUSEBOX_OPTLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

/* mount(2)'s flags; libcs differ in which they name. */
enum {
	MOUNT_RDONLY = 1, MOUNT_NOSUID = 2, MOUNT_NODEV = 4, MOUNT_NOEXEC = 8,
	MOUNT_SYNC = 0x10, MOUNT_DIRSYNC = 0x80, MOUNT_NOSYMFOLLOW = 0x100,
	MOUNT_NOATIME = 0x400, MOUNT_NODIRATIME = 0x800,
	MOUNT_RELATIME = 0x200000, MOUNT_STRICTATIME = 0x1000000, MOUNT_LAZYTIME = 0x2000000,
};

struct optlist {
	uint32_t flags;			/* MOUNT_* */
	bool allow_other;
	bool default_permissions;
	uint32_t max_read;		/* bytes; 0: not given */
	uint32_t blksize;		/* bytes, fuseblk only; 0: not given */
	bool blkdev;			/* "fuseblk", on the block device that fsname names */
	const char *fsname;		/* the source; NULL: not given */
	const char *subtype;		/* what follows "fuse."; NULL: not given */
	/* For an applet that has options of its own or refuses some: called before
	   an option ("name" or "name=value") is tried; true if it dealt with it,
	   by refusing it if *why is set. */
	bool (*first)(struct optlist *options, char *option, const char **why);
};

/* Adds the options in text, which is changed: names and values end in NUL,
   "\," and "\\" in a value stand for "," and "\". Values point into text.
   Returns NULL, or why *bad (a part of text) is refused: opt_unknown, if nobody knows it. */
const char *optlist_parse(struct optlist *options, char *text, const char **bad);

/* Whether the option is mount(8)'s alone, or whoever's reads fstab(5), and says nothing of the
   mount itself: noauto, nofail, _netdev, user, comment=, x-*, X-* and the like. */
bool optlist_is_for_mount(const char *option);

/* Finds X-mount.mkdir or X-mount.mkdir=MODE (octal; 0755 if it is not given) in a list. Returns
   1, 0 if it is not there, or -EINVAL if MODE is no mode. */
int optlist_mkdir(const char *list, uint32_t *mode);

/* Adds the options of a list that is for others as well: what is not known here, or is
   refused, is passed over. */
void optlist_known(struct optlist *options, char *text);

/* The same as the call of an opt_set, whose `to` is a struct optlist. */
const char *optlist_option(void *options, char *text, const char **bad);

/* Appends ",name" for each option that FUSE itself takes, apart from those
   that come with every mount (fd, rootmode, user_id, group_id). */
void optlist_fuse(const struct optlist *options, struct out *to);

/* Writes all as fusermount3's -o takes it, commas and backslashes escaped. */
void optlist_text(const struct optlist *options, struct out *to);

#endif
