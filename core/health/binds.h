/* binds: every mount of a file system, in every mount namespace that can be seen. */
#ifndef FUSEBOX_HEALTH_BINDS_H
#define FUSEBOX_HEALTH_BINDS_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/table.h"

/* Calls fn for each mount of device major:minor: with pid 0 those of our own mount
   namespace, then those of others, each with a process that is in it, until fn
   returns something else than 0, and returns that. *hidden becomes true when there
   may be namespaces that cannot be seen. -errno when the table cannot be read. */
int binds_each(uint32_t major, uint32_t minor,
	       int (*fn)(const struct table_row *row, int pid, void *data), void *data, bool *hidden);

#endif
