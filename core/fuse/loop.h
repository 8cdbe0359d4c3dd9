/* loop: a session from INIT to its end, on one thread or several, by /dev/fuse or io_uring. */
#ifndef FUSEBOX_FUSE_LOOP_H
#define FUSEBOX_FUSE_LOOP_H

#include "fuse/session.h"

/* Serves until the file system is unmounted or destroyed: returns 0. After an
   abort session->aborted is set. -ENOMEM, or -errno of a device that broke.
   With session->threads more than one, further threads start when all are at work, each
   with a clone of the device; with io_uring agreed on, the rings' threads carry what the
   kernel hands to them. */
int loop_serve(struct fuse_session *session);

#endif
