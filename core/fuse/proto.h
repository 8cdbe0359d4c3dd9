/* SPDX-License-Identifier: MIT */
/* proto: decode, check and print requests. Makes no system calls. */
#ifndef FUSEBOX_FUSE_PROTO_H
#define FUSEBOX_FUSE_PROTO_H

#include <stddef.h>

#include "fuse_fs.h"
#include "out.h"

/* Points req at the parts of the request in bytes[0 … size), whose start must
   be aligned to 8. Reads nothing outside it. Returns 0, or
   -EBADMSG: the header is incomplete, so no reply is possible;
   -EINVAL: too short, a name without NUL, or a count beyond its end;
   -ENOSYS: unknown opcode. */
int proto_decode(struct fuse_req *req, const void *bytes, size_t size);

/* The same for io_uring, which delivers header, structure and payload separately. */
int proto_decode_parts(struct fuse_req *req, const struct fuse_in_header *in,
		       const void *arg, size_t arg_size, const void *payload, size_t payload_size);

/* The name of an opcode, such as "GETATTR"; "?" if it is unknown. */
const char *proto_name(uint32_t opcode);

/* The name of an INIT flag by its bit (0 to 63), without "FUSE_"; NULL: unknown. */
const char *proto_flag(unsigned int bit);

/* Print a request, "READ node 2 offset 0 size 4096", and its reply, "ok 5 bytes" or
   "ENOENT", for --debug. */
void proto_show_request(const struct fuse_req *req, struct out *to);
void proto_show_reply(const struct fuse_req *req, struct out *to);

#endif
