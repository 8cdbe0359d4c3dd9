/* SPDX-License-Identifier: MIT */
/* binds: all mounts of a file system, in all visible mount namespaces. */
#ifndef FUSEBOX_HEALTH_BINDS_H
#define FUSEBOX_HEALTH_BINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/table.h"

/* Calls fn for each mount of device major:minor, first in this process's mount namespace with pid
   0, then in each other one with the pid of a process in it, until fn returns non-zero, and
   returns that; -errno if a table cannot be read. Sets *hidden if there may be namespaces that
   are not visible. */
int binds_each(uint32_t major, uint32_t minor,
	       int (*fn)(const struct table_row *row, int pid, void *data), void *data, bool *hidden);

#endif
