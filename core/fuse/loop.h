/* SPDX-License-Identifier: MIT */
/* loop: serve a session from INIT to its end, with one or several threads, over /dev/fuse or
 * io_uring. */
#ifndef FUSEBOX_FUSE_LOOP_H
#define FUSEBOX_FUSE_LOOP_H

#include "fuse/session.h"

/* Serves until the file system is unmounted or its connection aborted, and returns 0; after an
   abort session->aborted is set. -ENOMEM, or -errno if reading the device failed.
   If session->threads is more than 1, the loop starts another thread, with its own clone of the
   device, whenever all threads are busy. If INIT negotiated io_uring, the threads of uring.h
   serve most requests. */
int loop_serve(struct fuse_session *session);

#endif
