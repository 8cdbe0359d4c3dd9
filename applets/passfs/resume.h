/* SPDX-License-Identifier: MIT */
/* resume: takes over from a passfs that was killed (fmount --keep), by the journal that it left. */
#ifndef FUSEBOX_PASSFS_RESUME_H
#define FUSEBOX_PASSFS_RESUME_H

#include "fuse_keep.h"
#include "node.h"

extern const struct fuse_keeping pass_keeping;

/* The root after SOURCE is opened as fd: takes over fd. 0, or -errno. */
int resume_root(struct passfs *fs, int fd, uint64_t device, uint64_t ino);

/* After resume_root(): counts the open files and lock owners that there are. */
void resume_count(struct passfs *fs);

#endif
