/* SPDX-License-Identifier: MIT */
/* metrics: FUSE mounts in the text format of Prometheus, for node_exporter's textfile collector. */
#ifndef FUSEBOX_FUSE_INFO_METRICS_H
#define FUSEBOX_FUSE_INFO_METRICS_H

#include <stdbool.h>

#include "out.h"

/* Writes the metrics of the mounts in the mount namespace of process pid (NULL: this process), or of all
   mount namespaces. Returns 0 or -errno of reading the mount table. */
int metrics_show(struct out *out, const char *pid, bool all);

#endif
