/* SPDX-License-Identifier: MIT */
/* unmounted: connections that no mount table shows any more: a process still has a file or its
 * working directory on a detached mount, or waits there. */
#ifndef FUSEBOX_FUSE_INFO_UNMOUNTED_H
#define FUSEBOX_FUSE_INFO_UNMOUNTED_H

#include "health/census.h"
#include "mount/row.h"
#include "view.h"

struct unmounted {
	struct census found;	/* their numbers and identities */
	bool hidden;		/* some mount namespaces are not visible */
};

/* Finds them among the connections of fusectl, except for those in the census, which are mounted here,
   and adds them to the census. Without fusectl there are none. */
void unmounted_find(struct unmounted *unmounted, struct census *census);

/* Shows those that are still there and still mounted nowhere, as text or as the JSON list "unmounted".
   The census has been looked at since. */
void unmounted_show(struct unmounted *unmounted, struct view *view, const struct census *census);
void unmounted_free(struct unmounted *unmounted);

/* Whether the word is conn:N, of a connection of which the mount table of this process has no mount. */
bool unmounted_is(const char *word, uint64_t *connection);

/* A connection's row, with the device number that all its mounts have and no strings. */
struct table_row unmounted_row(uint64_t connection);

/* If the word is conn:N and no table of this process has a mount of that connection: shows the
   connection, and its mounts in other mount namespaces. Returns whether it did. */
bool unmounted_show_target(struct view *view, const char *word);

#endif
