/* SPDX-License-Identifier: MIT */
/* statmount: rows of the mount table one at a time, by listmount(2) and statmount(2), 6.8 on. */
#ifndef FUSEBOX_MOUNT_STATMOUNT_H
#define FUSEBOX_MOUNT_STATMOUNT_H

#include "mount/row.h"
#include "sys.h"

/* The mount with this unique id. The row has no propagation; its
   strings last until the next call of this module. 0; 1 when the subtype, the source and the
   options of the file system are missing, before 6.13; -errno, -ENOSYS before 6.8. */
int statmount_row(uint64_t id, struct table_row *row);

/* Calls fn for each mount of our mount namespace, until it returns something other than 0, and
   returns that. -ENOSYS before 6.8. A row is as statmount_row() gives it; its root and mountpoint
   are "" if no path leads to the mount, or one of 20 KiB. */
int statmount_each(int (*fn)(const struct table_row *row, void *data), void *data);

/* Calls fn for the mounts that stand on the mount with this unique id, on one of these, and so on, until it returns
   something other than 0, and returns that. A row has no source and no options of the file system. -errno if one of
   them cannot be read, so that none is passed over; -ENOSYS before 6.8 or if no path leads to it; -EPERM: no path
   leads to the mount itself, and the caller lacks CAP_SYS_ADMIN. */
int statmount_each_below(uint64_t id, int (*fn)(const struct table_row *row, void *data), void *data);

/* Replaces the reusable mount id by the unique one, where the kernel tells it. Returns 0. */
int statmount_complete(struct sys_stat *st);

/* The number of FUSE mounts in this mount namespace, or -errno. */
int statmount_count_fuse(void);

#endif
