/* SPDX-License-Identifier: MIT */
/* places: look up paths from directories that were opened before this process entered another mount
 * namespace. */
#ifndef FUSEBOX_SYS_PLACES_H
#define FUSEBOX_SYS_PLACES_H

#define FD_DIRECTORY "/proc/self/fd/"

/* Returns the directory descriptor for openat(2) from which to look up *path, and advances *path to
   the rest that is relative to it: AT_FDCWD and the whole path if no kept directory applies,
   NO_PLACE if the directory did not exist. */
enum { NO_PLACE = -2 };
int place_of(const char **path);

#endif
