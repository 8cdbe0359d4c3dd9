/* SPDX-License-Identifier: MIT */
/* list: the table of mounts that fuse-info shows, all or those of TARGET: which mounts, and their states. */
#ifndef FUSEBOX_FUSE_INFO_LIST_H
#define FUSEBOX_FUSE_INFO_LIST_H

#include "columns.h"

/* The options of fuse-info that choose the mounts and the columns of the table. */
struct list_choice {
	bool list, all, no_headings;
	bool unmounted;		/* list_finish() shows connections that are mounted nowhere */
	const char *stuck;	/* seconds; "": the default; NULL: not given */
	const char *namespace;	/* a process of the mount namespace; NULL: this one */
	const char *types;
	uint64_t ids[16];	/* of the mounts, unless both counts are 0 */
	uint64_t unmounted_ids[16];	/* of connections that are not mounted here */
	int id_count, unmounted_count;
	struct columns columns;
};

/* Shows the table, or its JSON objects. Returns how many mounts were shown, or -errno of reading a mount
   table; -ENODATA: --stuck found nothing, and may not have seen it. */
int list_show(const struct list_choice *choice, struct view *view);

/* Call it after list_show(), behind the JSON list of mounts: shows the unmounted connections, and frees
   what list_show() has allocated. */
void list_finish(struct view *view);

/* Whether the mount table of choice->namespace can be read: 0 or -errno. */
int list_check(const struct list_choice *choice);

/* Prints why list_show() or list_check() failed, of the process pid (NULL: this process). */
void list_report_error(const char *pid, int err);

#endif
