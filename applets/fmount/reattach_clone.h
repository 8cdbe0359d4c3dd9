/* SPDX-License-Identifier: MIT */
/* reattach_clone: a clone of a mount that can take the place of an old one. */
#ifndef FUSEBOX_FMOUNT_REATTACH_CLONE_H
#define FUSEBOX_FMOUNT_REATTACH_CLONE_H

#include "mount/table.h"

/* Clones the part of the new mount that the old mount shows of its own file system, with the restrictions
   of both and the propagation of the old one. root: O_PATH descriptor of the new mount's root; the kernel
   clones only a mount of this process's mount namespace. Returns the clone's descriptor, which the caller
   closes, or -errno: -ENOENT if the new file system lacks that part. */
int reattach_clone(int root, const struct table_row *old);

#endif
