/* ours: directories whose names nobody else can change. */
#ifndef FUSEBOX_MOUNT_OURS_H
#define FUSEBOX_MOUNT_OURS_H

#include <stdbool.h>

/* Whether only root and the caller (the effective uid) can make, rename and replace names in the
   directory that dir, a descriptor (O_PATH will do), holds. What a FUSE server tells of owners and
   modes does not count, but for the root file system's: nothing there is ours. Asks the server
   of a FUSE mount: not where it may hang for ever. */
bool ours_is_directory(int dir);

#endif
