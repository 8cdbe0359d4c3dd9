/* SPDX-License-Identifier: MIT */
/* dev: see dev.h. */
#include "fuse/dev.h"

#include <errno.h>

#include "fuse/dispatch.h"
#include "fuse/kept.h"
#include "sys.h"

enum { HEADER_ROOM = 4096, SMALLEST_READ = 8192, SPACE = 64 * 1024 };

size_t dev_request_size(const struct fuse_ops *ops)
{
	size_t size = session_max_write(ops) + HEADER_ROOM;

	return size < SMALLEST_READ ? SMALLEST_READ : size;
}

size_t dev_buffer_size(const struct fuse_ops *ops)
{
	size_t size = dev_request_size(ops);

	/* A READ can be as large as a WRITE. Pages that are never touched take no memory. */
	return size + (size > SPACE ? size : SPACE);
}

/* The kernel rejects a malformed reply with EINVAL, and the caller would wait for ever: send
   an error instead. */
void dev_reply(int device, struct fuse_req *req)
{
	struct iovec piece[2];
	ssize_t n;

	do
		n = sys_writev(device, piece, dispatch_pieces(req, piece));
	while (n == -EINTR || n == -EAGAIN);
	if (n == -ENOENT)	/* another process has answered: fumount --wake */
		dispatch_take_back(req);
	if (n != -EINVAL)
		return;		/* -ENODEV: the next read fails, too */
	req->reply.body_size = req->reply.data_size = 0;
	req->reply.header.error = -EIO;
	req->reply.header.len = sizeof(req->reply.header);
	sys_writev(device, piece, dispatch_pieces(req, piece));
}

void dev_serve_one(struct fuse_session *s, struct fuse_req *req, const void *bytes, size_t size)
{
	uint64_t start = s->trace ? sys_clock_ns() : 0;
	bool reply;

	kept_begin(req, bytes);
	reply = dispatch(req, bytes, size);
	if (reply)
		dev_reply(req->device, req);
	kept_end(req);
	if (s->trace)
		s->trace(req, reply, sys_clock_ns() - start);
}

void fuse_answer(int device, uint64_t unique, int err)
{
	struct fuse_out_header header = { sizeof(header), err, unique };

	sys_writev(device, &(struct iovec) { &header, sizeof(header) }, 1);
}

int fuse_notify(struct fuse_session *s, int code, const void *what, size_t size)
{
	struct fuse_out_header header = { (uint32_t)(sizeof(header) + size), code, 0 };
	struct iovec piece[2] = { { &header, sizeof(header) }, { (void *)what, size } };
	ssize_t n = sys_writev(s->device, piece, 2);

	return n < 0 ? (int)n : 0;
}

ssize_t dev_read(int device, void *buffer, size_t size)
{
	ssize_t n;

	/* A process that is killed during read(2) leaves a request in its kept buffer, or none. */
	__atomic_store_n((uint32_t *)buffer, 0, __ATOMIC_RELEASE);
	n = sys_read(device, buffer, size);
	return n ? n : -ENODEV;
}

int dev_once(struct fuse_session *s, struct fuse_req *req, char *buffer)
{
	size_t size = dev_request_size(s->ops);
	ssize_t n = dev_read(s->device, buffer, size);

	if (n < 0)
		return n == -EINTR || n == -ENOENT ? 0 : (int)n;
	req->space = buffer + size;
	req->space_size = (uint32_t)(dev_buffer_size(s->ops) - size);
	req->device = s->device;
	dev_serve_one(s, req, buffer, (size_t)n);
	return 0;
}
