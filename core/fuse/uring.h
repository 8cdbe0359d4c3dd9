/* SPDX-License-Identifier: MIT */
/* uring: requests over io_uring, if the kernel offers it at INIT (since 6.14, with
 * /sys/module/fuse/parameters/enable_uring). Each CPU has a queue with one entry, and the kernel
 * sends a request to the queue of its caller's CPU. With as many threads as CPUs, each thread is
 * bound to a CPU and serves its queue; with fewer, each thread serves several queues. FORGET and
 * INTERRUPT still arrive through /dev/fuse.
 * Kernel: Documentation/filesystems/fuse/fuse-io-uring.rst.
 */
#ifndef FUSEBOX_FUSE_URING_H
#define FUSEBOX_FUSE_URING_H

#include "fuse/session.h"

/* Before the reply to INIT: creates the rings. Returns whether they exist. If the reply then
   accepts io_uring, the kernel sends no request before all queues are registered. */
bool uring_offered(struct fuse_session *session);

/* After the reply to INIT: starts the threads that serve the rings, if there is more than one thread. 0 or
   -errno. */
int uring_start(struct fuse_session *session);

/* With one thread: serves the rings and the device, until the session ends. buffer has
   dev_buffer_size() bytes, for requests from the device. Returns as dev_once() does. */
int uring_serve(struct fuse_session *session, char *buffer);

#endif
