/* SPDX-License-Identifier: MIT */
/* ours: directories in which no other user can change names. */
#ifndef FUSEBOX_MOUNT_OURS_H
#define FUSEBOX_MOUNT_OURS_H

#include <stdbool.h>

/* Whether only root and the caller (the effective uid) can create, rename and replace names in the
   directory of the descriptor dir (O_PATH suffices). False on a FUSE mount, whose server decides
   about owners and modes, unless it is the root file system. May send the server a request: do
   not call it where the server may hang. */
bool ours_is_directory(int dir);

#endif
