/* dev: the loop on /dev/fuse. See dev.h. */
#include "dev.h"

#include <errno.h>

#include "dispatch.h"
#include "sys.h"

enum { HEADER_ROOM = 4096, SMALLEST_READ = 8192, SPACE = 64 * 1024 };

/* The kernel refuses a reply that is malformed, and whoever waits for it
   would wait for ever: an error goes out in its place. */
static void send_reply(struct fuse_session *s, struct fuse_req *req)
{
	struct iovec piece[2];
	ssize_t n;

	do
		n = sys_writev(s->device, piece, dispatch_pieces(req, piece));
	while (n == -EINTR || n == -EAGAIN);
	if (n != -EINVAL)
		return;		/* -ENOENT: interrupted meanwhile; -ENODEV: read will tell */
	req->reply.body_size = req->reply.data_size = 0;
	req->reply.header.error = -EIO;
	req->reply.header.len = sizeof(req->reply.header);
	sys_writev(s->device, piece, dispatch_pieces(req, piece));
}

static void serve_one(struct fuse_session *s, struct fuse_req *req, const void *bytes, size_t size)
{
	uint64_t start = s->trace ? sys_clock_ns() : 0;
	bool reply = dispatch(req, bytes, size);

	if (reply)
		send_reply(s, req);
	if (s->trace)
		s->trace(req, reply, sys_clock_ns() - start);
	if (s->phase == FUSE_ANSWERED) {
		s->phase = FUSE_SERVING;
		if (s->ready)
			s->ready(s);
	}
}

int dev_serve(struct fuse_session *s)
{
	size_t size = session_max_write(s->ops) + HEADER_ROOM;
	/* A READ may be as large as a WRITE; only what is used is ever memory. */
	uint32_t space = size > SPACE ? (uint32_t)size : SPACE;
	struct fuse_req req = { .session = s, .space_size = space };
	char *buffer;
	ssize_t n = 0;

	if (size < SMALLEST_READ)
		size = SMALLEST_READ;
	buffer = sys_pages(size + space);
	if (!buffer)
		return -ENOMEM;
	req.space = buffer + size;
	while (s->phase != FUSE_ENDED) {
		n = sys_read(s->device, buffer, size);
		if (n >= 0)
			serve_one(s, &req, buffer, (size_t)n);
		else if (n != -EINTR && n != -EAGAIN && n != -ENOENT)
			break;
	}
	s->aborted = n == -ECONNABORTED;
	s->phase = FUSE_ENDED;
	return n >= 0 || n == -ENODEV || n == -ECONNABORTED ? 0 : (int)n;
}
