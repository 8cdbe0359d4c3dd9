/* match: the filters of mount(8) and umount(8). */
#ifndef FUSEBOX_CLI_MATCH_H
#define FUSEBOX_CLI_MATCH_H

#include <stdbool.h>

/* -t: whether type is one of "fuse.a,fuse.b", or, "no" before the first, none of them;
   one "no" before a later one leaves that out. */
bool match_type(const char *types, const char *type);

/* -O: whether each of "ro,user=alice" is in the list of options, or, with "no" before
   it, is not. */
bool match_options(const char *wanted, const char *options);

#endif
