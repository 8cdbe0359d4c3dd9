/* uring: requests over io_uring, when the kernel offers that at INIT (6.14 on, and
 * /sys/module/fuse/parameters/enable_uring). A queue for each CPU, with one entry; the
 * requests of a CPU come to its queue. With as many threads as CPUs each thread is bound to
 * one and has its queue; with fewer, they share the queues. FORGET and INTERRUPT still come
 * by /dev/fuse. Kernel: Documentation/filesystems/fuse/fuse-io-uring.rst.
 */
#ifndef FUSEBOX_FUSE_URING_H
#define FUSEBOX_FUSE_URING_H

#include "fuse/session.h"

/* Before the reply to INIT: makes the rings. Whether they are at hand: from then on
   the kernel waits for them. */
bool uring_offered(struct fuse_session *session);

/* After it: with more than one thread, starts those that serve the rings. 0 or -errno. */
int uring_start(struct fuse_session *session);

/* With one thread: serves the rings and the device, with a buffer of dev_buffer_size()
   bytes for the latter. Returns as dev_once() does, at the end. */
int uring_serve(struct fuse_session *session, char *buffer);

#endif
