/* dev: one request from /dev/fuse, by read(2), and its reply, by writev(2). */
#ifndef FUSEBOX_FUSE_DEV_H
#define FUSEBOX_FUSE_DEV_H

#include "fuse/session.h"

/* Reads one request into a buffer of dev_buffer_size() bytes and answers it. 0, or -errno
   of the read: -EAGAIN, -ENODEV, -ECONNABORTED. */
int dev_once(struct fuse_session *session, struct fuse_req *req, char *buffer);
size_t dev_request_size(const struct fuse_ops *ops);
size_t dev_buffer_size(const struct fuse_ops *ops);

/* Calls the operation for the request in bytes[size], which came by req->device, and sends its
   reply there. */
void dev_serve_one(struct fuse_session *session, struct fuse_req *req, const void *bytes, size_t size);

/* Sends req->reply. */
void dev_reply(int device, struct fuse_req *req);

#endif
