/* proto: the bytes of a request, named and checked. No system call. */
#ifndef FUSEBOX_FUSE_PROTO_H
#define FUSEBOX_FUSE_PROTO_H

#include <stddef.h>

#include "fuse_fs.h"
#include "out.h"

/* Points req at the parts of the request in bytes[0 … size), whose start must
   be aligned to 8. Reads nothing outside it. Returns 0, or
   -EBADMSG: not even a header, so there is nobody to answer;
   -EINVAL: too short, a name without NUL, or counts beyond its end;
   -ENOSYS: an opcode that nobody knows. */
int proto_decode(struct fuse_req *req, const void *bytes, size_t size);

/* The same, for a transport that delivers the three parts one by one. */
int proto_decode_parts(struct fuse_req *req, const struct fuse_in_header *in,
		       const void *arg, size_t arg_size, const void *payload, size_t payload_size);

/* "GETATTR"; "?" for an unknown one. */
const char *proto_name(uint32_t opcode);

/* The name of an INIT flag by its bit (0 to 63), without "FUSE_"; NULL: unknown. */
const char *proto_flag(unsigned int bit);

/* A line for people: "READ node 2 offset 0 size 4096", and the reply to it:
   "ok 5 bytes", "ENOENT". */
void proto_show_request(const struct fuse_req *req, struct out *to);
void proto_show_reply(const struct fuse_req *req, struct out *to);

#endif
