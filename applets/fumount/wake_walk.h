/* SPDX-License-Identifier: MIT */
/* wake_walk: end requests by their numbers, where the kernel does not send them again (before Linux
 * 6.10). */
#ifndef FUSEBOX_FUMOUNT_WAKE_WALK_H
#define FUSEBOX_FUMOUNT_WAKE_WALK_H

#include "wake_server.h"

/* Answers with the error whatever waits: reads the requests that the server has not read, then lets the
   servers go on, and tries each number below theirs. job->pass->walked tells how far it came.
   0 or -errno: -ENXIO: no request can be sent to the mount, so that the numbers are not known. */
int walk_requests(const struct wake_job *job, struct wake_queue *q, struct wake_servers *servers);

/* Whether numbers are left to try. */
bool walk_is_unfinished(const struct wake_pass *pass);

#endif
