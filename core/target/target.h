/* SPDX-License-Identifier: MIT */
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
	uint64_t identity;	/* fusectl_identity() of the mount's connection; 0: not known */
	uint64_t outer;		/* if at.below: the connection of the FUSE mount above it */
	int64_t owner;		/* user_id=; -1: not known */
	uint32_t major, minor;
	struct sys_stat known;	/* identifies the mount; mount_id 0: not known */
	bool fuse;
	bool named;		/* the word was conn:N or mnt-id:N */
	char type[64];		/* such as "fuse.sshfs"; may be truncated */
	char cover[320];	/* for the refusal: the mount that covers it or that it covers */
	int err;		/* the -errno behind TARGET_FAILED */
};

enum target_result {
	TARGET_FOUND,
	TARGET_UNKNOWN,		/* no such path or source; no connection or mount has the number */
	TARGET_NOT_MOUNTED,	/* nothing is mounted at the path */
	TARGET_BAD_NUMBER,	/* the N of conn:N or mnt-id:N is not a number */
	TARGET_COVERED,		/* another mount covers it: see `cover` */
	TARGET_SEVERAL,		/* several mounts have this source or connection */
	TARGET_NO_ANSWER,	/* see resolve_in_child() */
	TARGET_FAILED,		/* a system call failed: see `err` */
};

/* Finds the mount at a path, conn:N, mnt-id:N, or the source of a FUSE mount, without sending a
   request to any FUSE server. After TARGET_FOUND the caller calls target_close(). */
enum target_result target_find(const char *word, struct target *target);
void target_close(struct target *target);

/* Whether the target still has its connection, or else its place in the mount table: the kernel reuses
   numbers of connections and devices as soon as they are free. */
bool target_is_same(const struct target *target);

/* Opens the mount at t->at.path, a path from the mount table, and its parent directory, and sets
   t->known. Follows no symbolic link (before Linux 5.6, no final one). Returns 0; -ESTALE if
   the mount there is not t->id of device major:minor; or -errno. The caller calls target_close()
   in any case. The kernel may send requests to a FUSE mount on the path: call it only if that
   mount's server is known to answer, or in a child. */
int target_reach(struct target *target);

/* Whether the word is conn:N or mnt-id:N rather than a path. */
bool target_is_name(const char *word);

/* Stores the number in conn:N. Returns 0; -ENOENT if the word has no "conn:"; -EINVAL if N is not
   a number. */
int target_connection(const char *word, uint64_t *connection);

/* Calls fn for every mount that the word selects: all layers at a mountpoint, or all mounts of a
   connection or source. Returns as table_each() does, or -errno if the path or number is invalid. */
struct table_row;
int target_each(const char *word, int (*fn)(const struct table_row *row, void *data), void *data);

/* The message for a result of target_find() other than TARGET_FOUND, valid as long as *target; and the
   -errno that umount(2) returns in such a case, for exit statuses and JSON. */
const char *target_why(const struct target *target, enum target_result result);
int target_errno(const struct target *target, enum target_result result);

#endif
