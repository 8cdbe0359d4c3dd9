/* SPDX-License-Identifier: MIT */
/* row: one mount, as a row of the mount table. */
#ifndef FUSEBOX_MOUNT_ROW_H
#define FUSEBOX_MOUNT_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* A copy with its strings in text[size], cut where there is no room. */
void table_copy(struct table_row *copy, const struct table_row *row, char *text, size_t size);

/* The user that a FUSE mount belongs to (user_id=), or -1. */
int64_t table_owner(const struct table_row *row);

/* The group that it belongs to (group_id=), or -1. */
int64_t table_group(const struct table_row *row);

/* fuse, fuse.*, fuseblk, fuseblk.*: what a server in user space answers for. */
bool table_is_fuse(const struct table_row *row);

/* The number of its FUSE connection, as in /sys/fs/fuse/connections: the kernel's dev_t. Without a
   block device the major number is 0, so the connection's number is the minor. */
uint64_t table_connection(const struct table_row *row);

enum { CONNECTION_MINOR_BITS = 20 };

static inline uint64_t connection_of_device(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << CONNECTION_MINOR_BITS | minor;
}

static inline uint32_t connection_major(uint64_t connection)
{
	return (uint32_t)(connection >> CONNECTION_MINOR_BITS);
}

static inline uint32_t connection_minor(uint64_t connection)
{
	return connection & ((1u << CONNECTION_MINOR_BITS) - 1);
}

#endif
