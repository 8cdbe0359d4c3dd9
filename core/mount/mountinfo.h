/* SPDX-License-Identifier: MIT */
/* mountinfo: the mount table as /proc/PID/mountinfo has it, proc_pid_mountinfo(5). */
#ifndef FUSEBOX_MOUNT_MOUNTINFO_H
#define FUSEBOX_MOUNT_MOUNTINFO_H

#include "mount/row.h"

/* Parses one line without its newline, in place; the row points into it. Returns 0, or -EINVAL. */
int mountinfo_parse(char *line, struct table_row *row);

/* Opens the table of process pid, "self" for this one. A descriptor, or -errno. */
int mountinfo_open(const char *pid);

/* Calls fn for each mount that is still to be read from fd, in the table's order, until fn returns
   something other than 0, and returns that. -errno of read(2); -ENOMEM: fn walks a table itself, and there
   is no memory for a second buffer. fd stays open. The last row's strings stay until the next call. */
int mountinfo_each(int fd, int (*fn)(const struct table_row *row, void *data), void *data);

#endif
