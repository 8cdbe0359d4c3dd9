/* table: the mount table, read without touching a mount. */
#ifndef FUSEBOX_MOUNT_TABLE_H
#define FUSEBOX_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

/* One line of /proc/PID/mountinfo, proc_pid_mountinfo(5). The strings are
   unescaped, and end with the call that passes the row. */
struct table_row {
	uint64_t id, parent;	/* reusable mount ids */
	uint32_t major, minor;	/* device; a FUSE connection's number is the minor … */
	const char *root;	/* the part of the file system that is mounted */
	const char *mountpoint;
	const char *options;	/* of this mount */
	const char *propagation;/* "shared:1 master:2"; "": private */
	const char *type;	/* "fuse.sshfs" */
	const char *source;
	const char *super;	/* options of the file system */
};

/* Parses one line without its newline, in place. Returns 0, or -EINVAL. */
int table_parse(char *line, struct table_row *row);

/* Calls fn for each mount in the table of process pid ("self" when NULL), in
   the table's order, until fn returns something else than 0, and returns that.
   -errno when the table cannot be read. Without /proc one's own is listed by
   listmount(2) and statmount(2) (6.8 on; types, sources and options are whole from
   6.13 on). */
int table_each(const char *pid, int (*fn)(const struct table_row *row, void *data), void *data);

/* The same without /proc, as told above; -ENOSYS before 6.8. */
int table_each_listed(int (*fn)(const struct table_row *row, void *data), void *data);

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

/* The same from a row's id and device: replaces the reusable mount id by the unique one,
   where the kernel tells it. Returns 0. */
int table_complete(struct sys_stat *st);

/* A copy with its strings in text[size], cut where there is no room. */
void table_copy(struct table_row *copy, const struct table_row *row, char *text, size_t size);

/* Whether the mount with this reusable id, of device major:minor, is in our own table;
   true as well when the table cannot be read. */
bool table_has(uint64_t id, uint32_t major, uint32_t minor);

/* How many FUSE file systems are mounted, of anyone, or -errno. */
int table_count_fuse(void);

/* The user that a FUSE mount belongs to (user_id=), or -1. */
int64_t table_owner(const struct table_row *row);

/* fuse, fuse.*, fuseblk, fuseblk.*: what a server in user space answers for. */
bool table_is_fuse(const struct table_row *row);

/* The number of its FUSE connection, as in /sys/fs/fuse/connections. */
uint64_t table_connection(const struct table_row *row);

#endif
