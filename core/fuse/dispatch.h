/* SPDX-License-Identifier: MIT */
/* dispatch: decode a request, call its operation and build the reply. Makes no
 * system calls, so tests and fuzzers can call it. */
#ifndef FUSEBOX_FUSE_DISPATCH_H
#define FUSEBOX_FUSE_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "fuse_fs.h"

/* Calls the operation for the request in bytes[0 … size), aligned to 8. The caller
   has set req->session, space and space_size, which do not change. Returns
   whether req->reply is a reply to send. */
bool dispatch(struct fuse_req *req, const void *bytes, size_t size);

/* The same for a request that is already decoded: `decoded` is what proto_decode() returned. */
bool dispatch_decoded(struct fuse_req *req, int decoded);

/* The kernel did not take the reply in req->reply: it has ended the request meanwhile. Releases the
   file and forgets the nodes that a successful reply has given to the kernel. */
void dispatch_take_back(struct fuse_req *req);

/* Fills in one or two iovecs for the reply. Returns how many. */
int dispatch_pieces(struct fuse_req *req, struct iovec piece[2]);

#endif
