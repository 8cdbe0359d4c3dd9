/* SPDX-License-Identifier: MIT */
/* loop: see loop.h. */
#include "fuse/loop.h"

#include <errno.h>

#include "fuse/dev.h"
#include "fuse/kept.h"
#include "fuse/resume.h"
#include "fuse/share.h"
#include "fuse/uring.h"
#include "sys.h"
#include "thread.h"

/* If the process is killed while the kernel copies a request to pages that it has to find first
   (get_user_pages), the request fails with EIO. So they are in the page table before. */
static void touch_pages(char *buffer, size_t size)
{
	enum { SMALLEST_PAGE = 4096 };

	for (size_t i = 0; i < size; i += SMALLEST_PAGE)
		__atomic_fetch_or(buffer + i, 0, __ATOMIC_RELAXED);
}

static char *get_buffer(const struct fuse_session *s, unsigned int number)
{
	char *buffer = kept_buffer(number);

	if (!buffer)
		buffer = sys_pages(dev_buffer_size(s->ops));
	if (buffer && s->kept)
		touch_pages(buffer, dev_request_size(s->ops));
	return buffer;
}

static void free_buffer(const struct fuse_session *s, char *buffer)
{
	if (buffer && !kept_buffer(KEPT_FIRST))
		sys_free_pages(buffer, dev_buffer_size(s->ops));
}

/* ---- One thread ---- */

static int serve_alone(struct fuse_session *s, char *buffer)
{
	struct fuse_req req = { .session = s };
	int err;

	do
		err = dev_once(s, &req, buffer);
	while ((!err || err == -EAGAIN) && s->phase != FUSE_ENDED);
	return err == -EAGAIN ? 0 : err;
}

/* ---- Several threads: add a worker while all are busy, and spare workers while all block ---- */

/* If no request starts or ends for this long, all workers are presumed to block in SOURCE. */
enum { STALLED_MS = 20 };

struct worker { struct fuse_req req; int device, thread; bool is_spare; char *buffer; };

static void *serve_clone(void *session);

static bool start_worker(struct fuse_session *s, void *(*run)(void *), uint32_t most)
{
	if (__atomic_add_fetch(&s->running, 1, __ATOMIC_RELAXED) <= most && thread_start(run, s) == 0)
		return true;
	__atomic_sub_fetch(&s->running, 1, __ATOMIC_RELAXED);
	return false;
}

/* Handles INTERRUPT of a copied request, which is answered with -EINTR. Returns false for all other
   requests; INTERRUPT of a request that a worker serves is ignored if the file system has no
   interrupt operation. */
static bool handle_interrupt(const struct worker *w, ssize_t size)
{
	const struct fuse_in_header *in = (const void *)w->buffer;
	const struct fuse_interrupt_in *what = (const void *)(in + 1);
	int device;

	if ((size_t)size < sizeof(*in) + sizeof(*what) || in->opcode != FUSE_INTERRUPT)
		return false;
	if (!share_interrupt(what->unique, &device))
		return !w->req.session->ops->interrupt;
	fuse_answer(device, what->unique, -EINTR);
	return true;
}

static void serve_in_turn(struct worker *w, size_t size)
{
	struct fuse_session *s = w->req.session;
	bool stalled = __atomic_load_n(&s->running, __ATOMIC_RELAXED) > s->threads;
	enum share share = share_begin(w->thread, s, w->device, w->buffer, size, stalled);

	if (share == SHARE_REFUSE)
		fuse_answer(w->device, ((const struct fuse_in_header *)(const void *)w->buffer)->unique, -EAGAIN);
	if (share != SHARE_RUN)
		return;
	w->req.device = w->device;
	do
		dev_serve_one(s, &w->req, w->buffer, size);
	while ((size = share_end(w->thread, s, w->buffer, &w->req.device)) != 0);
}

/* Returns when the connection ends, or when this spare worker is no longer needed. */
static void serve_requests(struct worker *w)
{
	struct fuse_session *s = w->req.session;
	ssize_t n;

	do {
		uint32_t idle = __atomic_fetch_add(&s->idle, 1, __ATOMIC_RELAXED);

		n = w->is_spare && idle >= s->threads ? 0 : dev_read(w->device, w->buffer, dev_request_size(s->ops));
		if (__atomic_sub_fetch(&s->idle, 1, __ATOMIC_RELAXED) == 0 && n > 0
		    && __atomic_load_n(&s->running, __ATOMIC_RELAXED) < s->threads)
			start_worker(s, serve_clone, s->threads);
		if (n > 0 && !handle_interrupt(w, n))
			serve_in_turn(w, (size_t)n);
	} while ((n > 0 || n == -EINTR || n == -EAGAIN || n == -ENOENT)
		 && __atomic_load_n(&s->phase, __ATOMIC_RELAXED) != FUSE_ENDED);
}

/* The worker never closes its clone of the device: requests that were read from it may be
   answered later. If /dev/fuse cannot be opened, in a chroot for example, all workers read from
   the session's descriptor. */
static int clone_device(struct fuse_session *s)
{
	/* If this process is killed, the kernel drops the requests that it has read from a clone of its own. */
	int device = s->kept ? -1 : sys_clone_device(s->device);

	return device < 0 ? s->device : device;
}

static void work(struct fuse_session *s, bool clones, bool is_spare)
{
	size_t size = dev_request_size(s->ops);
	struct worker w = {
		.req = { .session = s }, .device = s->device, .thread = share_join(), .is_spare = is_spare,
	};

	w.buffer = w.thread < 0 ? NULL : get_buffer(s, KEPT_THREADS + (unsigned int)w.thread);

	if (w.buffer) {
		if (s->thread_starts)
			s->thread_starts();
		if (clones)
			w.device = clone_device(s);
		w.req.space = w.buffer + size;
		w.req.space_size = (uint32_t)(dev_buffer_size(s->ops) - size);
		serve_requests(&w);
	}
	free_buffer(s, w.buffer);
	if (w.thread >= 0)
		share_leave(w.thread);
	__atomic_sub_fetch(&s->running, 1, __ATOMIC_RELAXED);
}

static void *serve_clone(void *session)
{
	work(session, true, false);
	return NULL;
}

static void *serve_first(void *session)
{
	work(session, false, false);
	return NULL;
}

static void *serve_spare(void *session)
{
	work(session, false, true);
	return NULL;
}

/* Reads the error that ended the connection. No thread serves a request that still arrives. */
static int read_end_error(struct fuse_session *s)
{
	char *buffer = sys_pages(dev_request_size(s->ops));
	ssize_t n = buffer ? dev_read(s->device, buffer, dev_request_size(s->ops)) : -ENODEV;

	if (buffer)
		sys_free_pages(buffer, dev_request_size(s->ops));
	return n < 0 ? (int)n : -ENODEV;
}

/* The first thread serves no requests: it handles signals, starts spare workers, and must notice
   the end of the connection even while every worker blocks in SOURCE. Returns as sys_poll_alive(): >= 0:
   no worker is left. */
static int supervise(struct fuse_session *s)
{
	int err;

	while ((err = sys_poll_alive(s->device, -1)) >= 0 && __atomic_load_n(&s->running, __ATOMIC_RELAXED)) {
		uint64_t before = share_progress();

		sys_sleep_ms(STALLED_MS);
		if (__atomic_load_n(&s->idle, __ATOMIC_RELAXED) == 0 && share_progress() == before
		    && sys_poll_alive(s->device, 0) > 0)
			start_worker(s, serve_spare, s->most ? s->most : SHARE_THREADS);
	}
	return err;
}

static int serve_several(struct fuse_session *s, char *buffer)
{
	int err = start_worker(s, serve_first, s->threads) ? supervise(s) : 0;

	/* No thread could be started, or there is no memory for its buffer. */
	if (err >= 0 && __atomic_load_n(&s->phase, __ATOMIC_RELAXED) != FUSE_ENDED && sys_poll_alive(s->device, 0) >= 0)
		return serve_alone(s, buffer);
	return err == -EPIPE || err >= 0 ? read_end_error(s) : err;
}

/* The first thread alone answers INIT and all requests before it. */
static int negotiate(struct fuse_session *s, char *buffer)
{
	struct fuse_req req = { .session = s };
	bool resumed = s->phase == FUSE_ANSWERED;
	int err = 0;

	while (!err && s->phase == FUSE_STARTING) {
		err = dev_once(s, &req, buffer);
		if (err == -EAGAIN)
			err = 0;
	}
	if (err || s->phase != FUSE_ANSWERED)
		return err;
	if (resumed && s->resumes)
		s->resumes(s);
	if (resumed)
		resume_requests(s);
	s->phase = FUSE_SERVING;
	if (s->flags & FUSE_OVER_IO_URING)
		err = uring_start(s);
	if (!err && s->ready)
		s->ready(s);
	return err;
}

int loop_serve(struct fuse_session *s)
{
	char *buffer = get_buffer(s, KEPT_FIRST);
	int err;

	if (!buffer)
		return -ENOMEM;
	s->page = sys_page_size();
	if (!s->threads)
		s->threads = s->ops->threads ? s->ops->threads : 1;
	/* One thread is faster with /dev/fuse; several, each bound to a CPU, with io_uring. */
	if (!s->kept && (s->transport == FUSE_TRANSPORT_URING || (s->transport == FUSE_TRANSPORT_AUTO && s->threads > 1)))
		s->offer_uring = uring_offered;
	if (s->thread_starts)
		s->thread_starts();	/* in this thread, before other threads start */
	err = negotiate(s, buffer);
	if (!err && s->phase == FUSE_SERVING)
		err = s->threads > 1 ? serve_several(s, buffer)
		      : s->flags & FUSE_OVER_IO_URING ? uring_serve(s, buffer) : serve_alone(s, buffer);
	if (s->ops->begins)
		s->ops->begins(NULL);
	s->aborted = err == -ECONNABORTED;
	__atomic_store_n(&s->phase, FUSE_ENDED, __ATOMIC_RELAXED);
	return err == -ENODEV || err == -ECONNABORTED ? 0 : err;
}
