/* SPDX-License-Identifier: MIT */
/* INIT, once or several times, to file systems of several kinds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/dispatch.h"
#include "fuzz.h"
#include "fuse/session.h"

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *to)
{
	(void)req;
	return fuse_dir(to, node, 0755);
}

static int readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	(void)req, (void)node, (void)offset;
	return 0;
}

static int write_none(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	(void)req, (void)node, (void)in;
	return -EIO;
}

static int setxattr(struct fuse_req *req, uint64_t node, const char *name,
		    const struct fuse_setxattr_in *in)
{
	(void)req, (void)node, (void)name, (void)in;
	return -EIO;
}

static bool has_rings;

static bool rings(struct fuse_session *session)
{
	MUST(session->max_write >= 4096);
	return has_rings;
}

static void check(const struct fuse_req *req, uint64_t before)
{
	const struct fuse_session *s = req->session;
	const struct fuse_init_out *out = &req->reply.body.init;
	uint64_t answered = out->flags | (uint64_t)out->flags2 << 32;
	uint64_t wordless = FUSE_INIT_EXT;

	MUST(out->major == 7 && out->minor <= FUSE_KERNEL_MINOR_VERSION);
	MUST(!out->unused[0]);
	if (s->phase != FUSE_ANSWERED) {	/* a newer major version: the kernel sends INIT
						   again */
		MUST(answered == 0 && before == s->offered);
		return;
	}
	MUST(out->minor == s->minor && s->minor >= 12);
	MUST(answered == s->flags && !(s->flags & ~(s->offered | wordless)));
	/* The kernel sends flags2 only with FUSE_INIT_EXT. */
	MUST(!(s->flags >> 32) || s->flags & FUSE_INIT_EXT);
	MUST(!(s->offered >> 32) || s->offered & FUSE_INIT_EXT);
	MUST(!(s->flags & FUSE_OVER_IO_URING) || has_rings);
	MUST(out->max_write == s->max_write && s->max_write >= 4096);
	MUST(s->max_write <= session_max_write(s->ops));
	MUST(s->page >= 4096);
	MUST(s->flags & FUSE_MAX_PAGES
		     ? (uint64_t)out->max_pages * s->page >= s->max_write || out->max_pages == UINT16_MAX
		     : s->max_write <= 128 * 1024);
	MUST(!out->max_stack_depth || s->flags & FUSE_PASSTHROUGH);
	MUST(req->reply.body_size == (s->minor < 23 ? 24 : sizeof(*out)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t what = input_byte(&in), transport = input_byte(&in);
	struct fuse_ops ops = {
		.attr = attr,
		.readdir = what & 1 ? readdir : NULL,
		.write = what & 2 ? write_none : NULL,
		.setxattr = what & 4 ? setxattr : NULL,
		.immutable = what & 8,
		.want = what & 16 ? ~(uint64_t)(FUSE_OVER_IO_URING | FUSE_INIT_EXT)
			: what & 32 ? FUSE_PASSTHROUGH : 0,
		.backing_depth = what & 64 ? 2 : 1,
		.max_write = what & 128 ? input_number(&in) : 0,
	};
	struct fuse_session session = {
		.ops = &ops, .offer_uring = transport & 1 ? rings : NULL, .page = transport & 4 ? 65536 : 0,
	};
	struct fuse_req req = { .session = &session };
	struct record r;
	char space[64] __attribute__((aligned(8)));

	has_rings = transport & 2;
	while (record_next(&in, &r)) {
		uint64_t before = session.offered;

		if (r.size >= sizeof(struct fuse_in_header))
			((struct fuse_in_header *)(void *)r.bytes)->opcode = FUSE_INIT;
		if (record_dispatch(&r, &req, space, sizeof(space)) && !req.reply.header.error) {
			check(&req, before);
			session.phase = FUSE_STARTING;
		}
		free(r.bytes);
	}
	return 0;
}
