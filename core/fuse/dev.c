/* dev: the loop on /dev/fuse. See dev.h. */
#include "dev.h"

#include <errno.h>

#include "dispatch.h"
#include "sys.h"
#include "thread.h"
#include "uring.h"

enum { HEADER_ROOM = 4096, SMALLEST_READ = 8192, SPACE = 64 * 1024 };

size_t dev_request_size(const struct fuse_ops *ops)
{
	size_t size = session_max_write(ops) + HEADER_ROOM;

	return size < SMALLEST_READ ? SMALLEST_READ : size;
}

size_t dev_buffer_size(const struct fuse_ops *ops)
{
	size_t size = dev_request_size(ops);

	/* A READ may be as large as a WRITE; only what is used is ever memory. */
	return size + (size > SPACE ? size : SPACE);
}

/* The kernel refuses a reply that is malformed, and whoever waits for it
   would wait for ever: an error goes out in its place. */
void dev_reply(int device, struct fuse_req *req)
{
	struct iovec piece[2];
	ssize_t n;

	do
		n = sys_writev(device, piece, dispatch_pieces(req, piece));
	while (n == -EINTR || n == -EAGAIN);
	if (n != -EINVAL)
		return;		/* -ENOENT: interrupted meanwhile; -ENODEV: read will tell */
	req->reply.body_size = req->reply.data_size = 0;
	req->reply.header.error = -EIO;
	req->reply.header.len = sizeof(req->reply.header);
	sys_writev(device, piece, dispatch_pieces(req, piece));
}

static void serve_one(struct fuse_session *s, struct fuse_req *req, const void *bytes, size_t size)
{
	uint64_t start = s->trace ? sys_clock_ns() : 0;
	bool reply = dispatch(req, bytes, size);

	if (reply)
		dev_reply(req->device, req);
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

int dev_once(struct fuse_session *s, struct fuse_req *req, char *buffer)
{
	size_t size = dev_request_size(s->ops);
	ssize_t n = sys_read(s->device, buffer, size);

	if (n < 0)
		return n == -EINTR || n == -ENOENT ? 0 : (int)n;
	req->space = buffer + size;
	req->space_size = (uint32_t)(dev_buffer_size(s->ops) - size);
	req->device = s->device;
	serve_one(s, req, buffer, (size_t)n);
	return 0;
}

/* ---- One thread, and more when all of them are at work ---- */

static void *serve_clone(void *session);

/* Another one, as long as fewer than the limit are there. */
static void one_more(struct fuse_session *s)
{
	if (__atomic_add_fetch(&s->running, 1, __ATOMIC_RELAXED) > s->threads
	    || thread_start(serve_clone, s) < 0)
		__atomic_sub_fetch(&s->running, 1, __ATOMIC_RELAXED);
}

static int serve_on(struct fuse_session *s, int device, char *buffer)
{
	struct fuse_req req = { .session = s, .device = device };
	bool several = s->threads > 1;
	size_t size = dev_request_size(s->ops);
	ssize_t n;

	req.space = buffer + size;
	req.space_size = (uint32_t)(dev_buffer_size(s->ops) - size);
	for (;;) {
		if (several)
			__atomic_add_fetch(&s->idle, 1, __ATOMIC_RELAXED);
		n = sys_read(device, buffer, size);
		if (several && __atomic_sub_fetch(&s->idle, 1, __ATOMIC_RELAXED) == 0
		    && n >= 0 && __atomic_load_n(&s->running, __ATOMIC_RELAXED) < s->threads)
			one_more(s);
		if (n >= 0)
			serve_one(s, &req, buffer, (size_t)n);
		else if (n != -EINTR && n != -EAGAIN && n != -ENOENT)
			return (int)n;
		if (__atomic_load_n(&s->phase, __ATOMIC_RELAXED) == FUSE_ENDED)
			return 0;
	}
}

static void *serve_clone(void *session)
{
	struct fuse_session *s = session;
	char *buffer = sys_pages(dev_buffer_size(s->ops));
	int device = sys_clone_device(s->device);

	/* Without /dev/fuse, in a chroot say, all read from the one that there is. */
	if (buffer && s->thread_starts)
		s->thread_starts();
	if (buffer) {
		serve_on(s, device < 0 ? s->device : device, buffer);
		return NULL;
	}
	__atomic_sub_fetch(&s->running, 1, __ATOMIC_RELAXED);
	if (device >= 0)
		sys_close(device);
	return NULL;
}

/* INIT, and whatever comes before it, is for the first thread alone. */
static int begin(struct fuse_session *s, char *buffer)
{
	struct fuse_req req = { .session = s };
	int err = 0;

	while (!err && s->phase == FUSE_STARTING) {
		err = dev_once(s, &req, buffer);
		if (err == -EAGAIN)
			err = 0;
	}
	if (err || s->phase != FUSE_ANSWERED)
		return err;
	s->phase = FUSE_SERVING;
	if (s->flags & FUSE_OVER_IO_URING)
		err = uring_start(s);
	if (!err && s->ready)
		s->ready(s);
	return err;
}

int dev_serve(struct fuse_session *s)
{
	char *buffer = sys_pages(dev_buffer_size(s->ops));
	int err;

	if (!buffer)
		return -ENOMEM;
	s->running = 1;
	s->page = sys_page_size();
	if (!s->threads)
		s->threads = s->ops->threads ? s->ops->threads : 1;
	/* One thread is faster with the device; several, one to a CPU, with the rings. */
	if (s->transport == FUSE_TRANSPORT_URING || (s->transport == FUSE_TRANSPORT_AUTO && s->threads > 1))
		s->rings = uring_offered;
	if (s->threads > 1 && s->thread_starts)
		s->thread_starts();
	err = begin(s, buffer);
	if (!err && s->phase == FUSE_SERVING)
		err = s->flags & FUSE_OVER_IO_URING && s->threads == 1 ? uring_serve(s, buffer)
								      : serve_on(s, s->device, buffer);
	s->aborted = err == -ECONNABORTED;
	__atomic_store_n(&s->phase, FUSE_ENDED, __ATOMIC_RELAXED);
	return err == -ENODEV || err == -ECONNABORTED ? 0 : err;
}
