/* dev: requests from /dev/fuse, by read(2) and writev(2). */
#ifndef FUSEBOX_DEV_H
#define FUSEBOX_DEV_H

#include "session.h"

/* Serves until the file system is unmounted or destroyed: returns 0. After an
   abort session->aborted is set. -ENOMEM, or -errno of a device that broke. */
int dev_serve(struct fuse_session *session);

#endif
