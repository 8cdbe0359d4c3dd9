/* SPDX-License-Identifier: MIT */
/* dev: read a request from /dev/fuse with read(2), and reply with writev(2). */
#ifndef FUSEBOX_FUSE_DEV_H
#define FUSEBOX_FUSE_DEV_H

#include <sys/types.h>

#include "fuse/session.h"

/* Reads one request of at most size bytes: its size, or -errno. -ENODEV at the end of file, too: the
   device may be a socket, whose peer passes requests on and has closed it. */
ssize_t dev_read(int device, void *buffer, size_t size);

/* Reads one request into a buffer of dev_buffer_size() bytes and answers it. 0, or -errno
   of the read: -EAGAIN, -ENODEV, -ECONNABORTED. */
int dev_once(struct fuse_session *session, struct fuse_req *req, char *buffer);

/* The size in bytes of the largest request, and of a buffer for a request and its reply's data. */
size_t dev_request_size(const struct fuse_ops *ops);
size_t dev_buffer_size(const struct fuse_ops *ops);

/* Calls the operation for the request in bytes[0 … size), which was read from req->device, and
   sends the reply there. */
void dev_serve_one(struct fuse_session *session, struct fuse_req *req, const void *bytes, size_t size);

/* Sends req->reply; errors of writev(2) are ignored, since the next read reports them. */
void dev_reply(int device, struct fuse_req *req);

#endif
