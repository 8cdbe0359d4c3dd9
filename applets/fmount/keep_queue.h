/* SPDX-License-Identifier: MIT */
/* keep_queue: what the keeper does with the kernel's queue of requests while no server runs. Each function
 * first lets the kernel queue again what the dead server had read and not answered
 * (FUSE_NOTIFY_RESEND). `device` is /dev/fuse of the connection. */
#ifndef FUSEBOX_FMOUNT_KEEP_QUEUE_H
#define FUSEBOX_FMOUNT_KEEP_QUEUE_H

#include <stdbool.h>

/* Lets it queue them, and no more. */
void keep_queue_resend(int device);

/* Answers all requests with EIO, in place of a server: the callers would get ENOTCONN at the end of the
   connection. Stops after a second. */
void keep_queue_fail(int device);

/* Whether the kernel still waits for the answer to INIT: any other server can then replace the one that
   has ended. INIT stays in the queue. */
bool keep_queue_has_init(int device);

#endif
