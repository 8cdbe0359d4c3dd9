/* fuse_info: what the parts of fuse-info share. */
#ifndef FUSEBOX_FUSE_INFO_FUSE_INFO_H
#define FUSEBOX_FUSE_INFO_FUSE_INFO_H

#include "health/census.h"
#include "mount/table.h"
#include "view.h"

/* The kernel: in a line or two, or in full. Returns 0 or -errno of the output. */
void info_kernel(struct view *view, bool full);

/* How long it is watched whether requests get on, milliseconds. */
enum { WATCH_MS = 1000 };

/* All that a word means, see target.h, in full. Returns the exit status. */
int info_target(struct view *view, const char *word);

/* One mount in full; pid: a process of its mount namespace, NULL: our own. With
   `around`, also who holds it, its binds and other mount namespaces. */
void info_mount(struct view *view, const struct table_row *row, const struct census *census,
		const char *pid, bool around);

/* "45 s", "3 min", "2 h 10 min", "4 d 1 h", in text[24]. */
const char *info_age(uint64_t seconds, char text[24]);

#endif
