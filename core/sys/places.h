/* places: directories that stay the same after another mount namespace was entered. */
#ifndef FUSEBOX_SYS_PLACES_H
#define FUSEBOX_SYS_PLACES_H

#define FD_DIRECTORY "/proc/self/fd/"

/* Where the lookup of *path begins, the caller's openat(2) descriptor, and *path is what is left
   to look up from there: AT_FDCWD where no place is held. */
enum { NO_PLACE = -2 };	/* the path lies in a directory that does not exist */
int place_of(const char **path);

#endif
