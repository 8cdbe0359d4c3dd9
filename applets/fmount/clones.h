/* SPDX-License-Identifier: MIT */
/* clones: more descriptors of /dev/fuse for the server (fmount --clones). */
#ifndef FUSEBOX_FMOUNT_CLONES_H
#define FUSEBOX_FMOUNT_CLONES_H

enum { CLONES_MOST = 256 };

/* Makes so many clones of the device, at most CLONES_MOST, and names them in FUSE_CLONE_FDS: cloning takes opening /dev/fuse,
   which the program may not be allowed. 0, or 1 once the error is printed. */
int clones_make(int device, int count);

/* Calls fn for each of these clones. */
void clones_each(void (*fn)(int fd));

/* Closes these clones in this process. */
void clones_close(void);

#endif
