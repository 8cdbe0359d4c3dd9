/* SPDX-License-Identifier: MIT */
/* Requests to hellofs: decoding, dispatch, replies. A request that decodes as a whole is also
   dispatched in parts, and must be answered alike. */
#include "../../applets/hellofs.c"

#include <stdlib.h>

#include "fuzz.h"
#include "out.h"
#include "fuse/proto.h"
#include "fuse/session.h"

enum { SPACE = 8192 };

static char space[SPACE] __attribute__((aligned(8)));

/* The line that --debug prints for a request. */
static void show(const struct fuse_req *req, bool replied)
{
	char line[256];
	struct out out = OUT_TEXT(line);

	proto_show_request(req, &out);
	if (replied)
		proto_show_reply(req, &out);
	fuzz_touch_text(out_text(&out));
}

/* Dispatches the request again with its payload in parts: the answer is no worse, and never
   longer, since the payload takes room from the reply. */
static void other_form(struct record r, struct fuse_req *req, size_t room)
{
	const char *arg = req->arg, *behind = req->name[0] ? req->name[0] : req->data;
	uint32_t len = req->reply.header.len;

	if (req->in->total_extlen || r.size != req->in->len)
		return;
	r.parts = true;
	r.arg_size = (size_t)(behind - arg);
	record_dispatch(&r, req, space, room);
	MUST(req->reply.header.error == 0 && req->reply.header.len <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct fuse_session session = { .ops = &hello_ops };
	struct fuse_req req = { .session = &session };
	struct record r;
	uint8_t how = input_byte(&in);
	size_t room = sizeof(space) >> (how >> 4 & 3);

	session.phase = how & 1 ? FUSE_STARTING : FUSE_SERVING;
	session.read_only = how & 2;
	session.offered = how & 4 ? FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT : 0;
	session.minor = FUSE_KERNEL_MINOR_VERSION;
	session.flags = how & 8 ? FUSE_SETXATTR_EXT : 0;
	while (session.phase != FUSE_ENDED && record_next(&in, &r)) {
		enum fuse_phase phase = session.phase;
		bool replied;

		req.in = NULL;
		replied = record_dispatch(&r, &req, space, room);
		MUST(session.phase >= phase || phase == FUSE_SERVING);	/* a second INIT, which the kernel
									   never sends */
		if (req.in)
			show(&req, replied);
		if (req.in && replied && !req.reply.header.error && req.in->opcode != FUSE_INIT
		    && session.phase != FUSE_ENDED)
			other_form(r, &req, room);
		free(r.bytes);
	}
	return 0;
}
