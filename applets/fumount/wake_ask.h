/* SPDX-License-Identifier: MIT */
/* wake_ask: send a request to a mount, from a process that may wait for its answer for ever. */
#ifndef FUSEBOX_FUMOUNT_WAKE_ASK_H
#define FUSEBOX_FUMOUNT_WAKE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/child.h"
#include "wake_request.h"

/* Starts a process that sends a STATFS to a mount of the connection in this mount namespace, as the mount's
   owner: without allow_other the kernel refuses everybody else, root included. Returns 0 once one more
   request of the connection waits, or -errno; -ENXIO: it cannot be sent. The caller calls ask_end() in any
   case, which kills the process; if a server has read its request, the process dies only once that request
   is answered. */
struct ask { struct child child; uint64_t connection; };
int ask_start(struct ask *ask, uint64_t connection);
void ask_end(struct ask *ask);

/* Whether the request is that process's. */
bool ask_is_by(const struct ask *ask, const struct wake_request *request);

#endif
