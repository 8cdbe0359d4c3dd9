/* target: the mount that a word on the command line means. */
#ifndef FUSEBOX_TARGET_TARGET_H
#define FUSEBOX_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/resolve.h"
#include "sys.h"

struct target {
	struct resolved at;
	uint64_t id;		/* reusable mount id; 0: only the path is known */
	uint64_t connection;
	uint64_t outer;		/* at.below: the connection of the FUSE mount that it is below */
	int64_t owner;		/* user_id=; -1: not known */
	uint32_t major, minor;
	struct sys_stat known;	/* which mount it is; mount_id 0: not known */
	bool fuse;
	char type[64];		/* "fuse.sshfs"; cut */
	char cover[320];	/* why it was refused: what covers it, or what it covers */
};

/* Finds a mountpoint, conn:N, mnt-id:N, or the source of a FUSE mount, without asking
   any FUSE server. 0, and then target_close() has to be called; or -errno:
   -EINVAL: a path where nothing is mounted; -ENOENT: no such path, nor such a source,
   connection or id; -EBUSY: it is covered by another mount (see `cover`);
   -ENOTUNIQ: several mounts have this source or connection. */
int target_find(const char *word, struct target *target);
void target_close(struct target *target);

/* Opens the directory of t->at.path, which is the mount table's, and what is mounted there,
   and sets t->known, if that is the mount t->id of device major:minor. Follows no symbolic
   link (before Linux 5.6 none at the end). 0; -ESTALE when another mount is there, or -errno;
   target_close() has to be called in any case. A FUSE mount on the way is asked: for one that
   is known to answer, or in a child. */
int target_reach(struct target *target);

/* Whether the word is of the kind conn:N or mnt-id:N, so no path. */
bool target_is_name(const char *word);

/* The number in conn:N. 0; -ENOENT: it is another word; -EINVAL: no number. */
int target_connection(const char *word, uint64_t *connection);

/* Calls fn for all mounts that a word means: all layers at a mountpoint, every mount of
   a connection or source. See table_each. */
struct table_row;
int target_each(const char *word, int (*fn)(const struct table_row *row, void *data), void *data);

/* What to say when target_find failed so. */
const char *target_why(const struct target *target, int err);

#endif
