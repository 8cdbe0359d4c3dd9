/* dispatch: a request's bytes in, one operation called, a reply out. No system
 * call: a test or a fuzzer can feed it. */
#ifndef FUSEBOX_FUSE_DISPATCH_H
#define FUSEBOX_FUSE_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "fuse_fs.h"

/* Answers the request in bytes[0 … size), aligned to 8. req->session, space
   and space_size are set by the caller and kept. Returns whether there is a
   reply to send, which req->reply then is. */
bool dispatch(struct fuse_req *req, const void *bytes, size_t size);

/* What comes after decoding: decoded is proto_decode's result. */
bool dispatch_decoded(struct fuse_req *req, int decoded);

/* The reply as one or two pieces of memory. Returns how many. */
int dispatch_pieces(struct fuse_req *req, struct iovec piece[2]);

#endif
