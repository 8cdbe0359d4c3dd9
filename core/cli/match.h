/* SPDX-License-Identifier: MIT */
/* match: the filters of mount(8) and umount(8). */
#ifndef FUSEBOX_CLI_MATCH_H
#define FUSEBOX_CLI_MATCH_H

#include <stdbool.h>

/* -t: whether type is in the list "fuse.a,fuse.b". "no" before the first type inverts the list;
   "no" before a later type excludes that type. */
bool match_type(const char *types, const char *type);

/* -O: whether one of the lists `options` and `more` contains each option in "ro,user=alice", and both lack each option
   with "no" before it. */
bool match_options(const char *wanted, const char *options, const char *more);

#endif
