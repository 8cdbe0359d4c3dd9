/* SPDX-License-Identifier: MIT */
/* wake_request: see wake_request.h. */
#include "wake_request.h"

#include <string.h>

#include "fuse/proto.h"
#include "fuse/session.h"

static void copy_name(char to[30], const char *from)
{
	size_t len = strnlen(from, 29);

	memcpy(to, from, len);
	to[len] = '\0';
}

static void describe(struct wake_request *to, const struct fuse_req *req, int decoded)
{
	const struct fuse_in_header *in = req->in;

	*to = (struct wake_request) {
		.unique = in->unique, .node = in->nodeid, .opcode = in->opcode, .uid = in->uid, .pid = in->pid,
		.waited = -1,
	};
	if (!decoded && req->name[0])
		copy_name(to->name, req->name[0]);
}

static enum wake_kind ask_again(const struct fuse_req *req, struct fuse_notify_retrieve_out *again)
{
	const struct fuse_notify_retrieve_in *in = req->arg;

	*again = (struct fuse_notify_retrieve_out) {
		.notify_unique = req->in->unique, .nodeid = req->in->nodeid, .offset = in->offset, .size = in->size,
	};
	return WAKE_RETRIEVED;
}

/* A request that cannot be decoded, because its opcode is newer than this program, has a header all
   the same. The structure of SETXATTR depends on the server's INIT flags, so its name may be cut. */
enum wake_kind wake_parse(const void *bytes, size_t size, struct wake_request *request, uint32_t *count,
			  struct fuse_notify_retrieve_out *again)
{
	static struct fuse_session session;
	struct fuse_req req = { .session = &session };
	const struct fuse_in_header *in = bytes;
	int decoded = size < sizeof(*in) ? -1 : proto_decode(&req, bytes, size);

	if (size < sizeof(*in) || in->len < sizeof(*in))
		return WAKE_NOTHING;
	switch (in->opcode) {
	case FUSE_INTERRUPT:
		return WAKE_NOTHING;
	case FUSE_FORGET:
		*count = 1;
		return WAKE_FORGET;
	case FUSE_BATCH_FORGET:
		*count = decoded ? 1 : ((const struct fuse_batch_forget_in *)req.arg)->count;
		return WAKE_FORGET;
	case FUSE_NOTIFY_REPLY:
		return decoded || in->unique == WAKE_PROBE ? WAKE_NOTHING : ask_again(&req, again);
	}
	describe(request, &req, decoded);
	return WAKE_REQUEST;
}
