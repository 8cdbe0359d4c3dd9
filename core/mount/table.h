/* table: the mount table, read without touching a mount. */
#ifndef FUSEBOX_MOUNT_TABLE_H
#define FUSEBOX_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/row.h"
#include "sys.h"

/* Calls fn for each mount in the table of process pid ("self" when NULL), in
   the table's order, until fn returns something else than 0, and returns that.
   -errno when the table cannot be read. Without /proc one's own is listed by
   listmount(2) and statmount(2) (6.8 on; types, sources and options are whole from
   6.13 on). */
int table_each(const char *pid, int (*fn)(const struct table_row *row, void *data), void *data);

/* The row of the mount that a descriptor (O_PATH will do) is in; by statmount(2)
   where that tells enough, which does not read the whole table: from 6.13 on, or
   6.8 on if not the `whole` row is wanted (then the subtype, the source and the
   options of the file system are missing). What is told so has no options of the
   mount and no propagation. Its strings last until the next call of
   this module. 0, or -ENOENT when it is in no table that can be read. */
int table_of_fd(int fd, struct table_row *row, bool whole);

/* What mount a descriptor is in, for comparing: as sys_statx, but the unique id
   is found also where FUSE does not tell it, namely to another than its owner,
   and to a set-uid process of his. */
int table_identify(int fd, struct sys_stat *st);

/* Whether the mount with this reusable id, of device major:minor, is in our own table;
   true as well when the table cannot be read. */
bool table_has(uint64_t id, uint32_t major, uint32_t minor);

/* How many FUSE file systems are mounted, of anyone, or -errno. */
int table_count_fuse(void);

#endif
