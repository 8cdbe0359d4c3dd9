/* SPDX-License-Identifier: MIT */
/* table: the mount table, read without touching a mount. */
#ifndef FUSEBOX_MOUNT_TABLE_H
#define FUSEBOX_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/row.h"
#include "sys.h"

/* Calls fn for each mount in the table of process pid ("self" when NULL), in the table's order, until fn
   returns non-zero, and returns that; -errno if the table cannot be read. Without /proc, lists this
   process's own table with listmount(2) and statmount(2) (Linux 6.8; subtypes, sources and options
   since 6.13). */
int table_each(const char *pid, int (*fn)(const struct table_row *row, void *data), void *data);

/* Stores the row of the mount that a descriptor (O_PATH suffices) is on. Uses statmount(2), which avoids
   reading the whole table, since Linux 6.13; since 6.8 if the caller does not need the `whole` row
   (the subtype, the source and the file system's options are then missing). A row of statmount(2)
   has no propagation. The strings are valid until the next call of
   this module. Returns 0, or -ENOENT if no readable table has the mount. */
int table_of_fd(int fd, struct table_row *row, bool whole);

/* Identifies the mount that a descriptor is on, for umount_is_same(): as sys_statx(), but finds the unique
   id also where FUSE refuses statx(2), namely to processes of users other than the mount's owner
   and to the owner's set-uid processes. */
int table_identify(int fd, struct sys_stat *st);

/* Whether this process's table has a mount with this reusable id (0: any) and device major:minor: 1 or 0; or
   -errno if the table cannot be read, which as a truth value counts as a mount that is there. */
int table_has(uint64_t id, uint32_t major, uint32_t minor);

/* The number of FUSE mounts of all users, or -errno. */
int table_count_fuse(void);

#endif
