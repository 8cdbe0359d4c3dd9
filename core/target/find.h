/* SPDX-License-Identifier: MIT */
/* find: what the files that find a target share. */
#ifndef FUSEBOX_TARGET_FIND_H
#define FUSEBOX_TARGET_FIND_H

#include "mount/row.h"
#include "target/target.h"

/* Sets what a row of the mount table tells of a target. */
void find_set(struct target *target, const struct table_row *row);

/* Sets target->cover: "covered by", or "it covers", the mount of the row. */
void find_set_cover(struct target *target, const char *how, const struct table_row *row);

/* The result for an -errno, which target->err receives. */
enum target_result find_failed(struct target *target, int err);

/* Finds the mount at a path; and the one at target->at, which crosses a FUSE mount. */
enum target_result find_path(const char *path, struct target *target);
enum target_result find_below(struct target *target);

/* Finds the mount of conn:N, mnt-id:N or a source. */
enum target_result find_named(const char *word, struct target *target);

#endif
