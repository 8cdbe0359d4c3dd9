/* dev: requests from /dev/fuse, by read(2) and writev(2); and the beginning of every
 * session, which is there. */
#ifndef FUSEBOX_FUSE_DEV_H
#define FUSEBOX_FUSE_DEV_H

#include "fuse/session.h"

/* Serves until the file system is unmounted or destroyed: returns 0. After an
   abort session->aborted is set. -ENOMEM, or -errno of a device that broke.
   With session->threads more than one, further threads start when all are at work, each
   with a clone of the device; with io_uring agreed on, the rings' threads carry what the
   kernel hands to them. */
int dev_serve(struct fuse_session *session);

/* Reads one request into a buffer of dev_buffer_size() bytes and answers it. 0, or -errno
   of the read: -EAGAIN, -ENODEV, -ECONNABORTED. */
int dev_once(struct fuse_session *session, struct fuse_req *req, char *buffer);
size_t dev_request_size(const struct fuse_ops *ops);
size_t dev_buffer_size(const struct fuse_ops *ops);

/* Sends req->reply. */
void dev_reply(int device, struct fuse_req *req);

#endif
