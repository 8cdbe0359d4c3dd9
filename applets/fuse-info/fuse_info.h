/* SPDX-License-Identifier: MIT */
/* fuse_info: what the source files of fuse-info share. */
#ifndef FUSEBOX_FUSE_INFO_FUSE_INFO_H
#define FUSEBOX_FUSE_INFO_FUSE_INFO_H

#include "health/census.h"
#include "mount/table.h"
#include "view.h"

/* Shows the kernel's FUSE features, in one line or in full; always in full as JSON. */
void info_kernel(struct view *view, bool full);

/* How long to watch for answered requests, in milliseconds. */
enum { WATCH_MS = 1000 };

/* Shows all mounts that `word` means (target.h) in full, or the one that a path is in; with `inside`,
   a mountpoint counts as such a path, too. Returns an exit status. */
int info_target(struct view *view, const char *word, bool inside);

/* Finds all mounts that `word` means, or the one that a path is in, as info_target(). Stores their ids, as many
   as there is room for. Returns how many, or -errno once it has printed the error. */
int info_find(const char *word, bool inside, uint64_t *ids, int room);

/* Finds the connection of the mounts that `word` means. It may be in no mount table if the word is
   conn:N. Returns 0, or -errno once it has printed the error. */
int info_connection(const char *word, uint64_t *connection);

/* Shows one mount in full. Its connection must be in the census. pid: a process of its mount
   namespace, NULL: this one. With `around`, also its holders, its binds and its mounts in other
   mount namespaces. */
void info_mount(struct view *view, const struct table_row *row, const struct census *census,
		const char *pid, bool around);

/* Parts of info_mount(). The state; the connection, its server and its requests, which are in the census;
   the processes that wait for the device of `row` or hold it; where it is mounted: with `own`, without the
   mount row->id of this mount namespace. */
void info_state(struct view *view, const struct conn *conn);
void info_conn(struct view *view, const struct census *census, const struct conn *conn);
void info_keepers(struct view *view, const struct table_row *row, const struct conn *conn);
void info_binds(struct view *view, const struct table_row *row, bool own);

/* Whether the mount does not answer and will not by itself. */
bool info_needs_recovery(const struct conn *conn);

/* The seconds that the value of an OPT_MAYBE gives; `otherwise` if it is "". -1: not a number, or more than
   MOST_SECONDS, whose milliseconds still fit an int. */
enum { MOST_SECONDS = 2000000 };
int info_seconds(const char *text, int otherwise);

/* Writes an age as "45 s", "3 min", "2 h 10 min" or "4 d 1 h" to text[24], and returns that. */
const char *info_age(uint64_t seconds, char text[24]);

#endif
