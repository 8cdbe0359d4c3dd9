/* SPDX-License-Identifier: MIT */
/* uring: see uring.h. */
#include "fuse/uring.h"

#include <errno.h>
#include <string.h>

#include "fuse/dev.h"
#include "fuse/dispatch.h"
#include "fuse/proto.h"
#include "sys/ring.h"
#include "sys.h"
#include "thread.h"

enum { SMALLEST = 8192, DEFAULT_PAGES = 32, DEVICE = UINT16_MAX, POLL_IN = 1 };

/* The one entry of a queue: request header and payload (names and data). */
struct entry {
	struct fuse_uring_req_header header;
	struct iovec where[2];
	char *payload;
};

/* The queues of one thread: every `step`th queue, from `first` on. live: registered queues that
   have not ended. bound: the thread is bound to the CPU of its only queue. */
struct lane {
	struct fuse_session *session;
	struct ring ring;
	uint32_t first, step, live;
	bool bound;
};

/* A process has one session. */
static struct {
	struct lane *lanes;
	struct entry *entries;
	size_t payload_size;
	uint32_t queues, count;
} rings;

/* As the kernel computes it: it refuses to register a smaller payload. */
static size_t payload_size(const struct fuse_session *s)
{
	size_t pages = s->flags & FUSE_MAX_PAGES ? session_pages(s, s->max_write) : DEFAULT_PAGES;
	size_t size = pages * s->page > s->max_write ? pages * s->page : s->max_write;

	return size < SMALLEST ? SMALLEST : size;
}

static bool open_rings(struct fuse_session *s)
{
	for (uint32_t i = 0; i < rings.count; i++) {
		struct lane *lane = rings.lanes + i;

		*lane = (struct lane) { .session = s, .first = i, .step = rings.count, .bound = rings.count == rings.queues };
		/* One command for each queue, and one to poll the device. */
		if (ring_open(&lane->ring, (rings.queues + rings.count - 1) / rings.count + 1) < 0)
			return false;
	}
	return true;
}

bool uring_offered(struct fuse_session *s)
{
	uint32_t queues = (uint32_t)thread_possible_cpus();

	rings.queues = queues;
	rings.count = s->threads < queues ? s->threads : queues;
	rings.payload_size = payload_size(s);
	if (!queues || queues >= DEVICE)
		return false;
	/* Never freed: the process ends with the session. */
	rings.lanes = sys_pages(rings.count * sizeof(*rings.lanes));
	rings.entries = sys_pages(queues * (sizeof(*rings.entries) + rings.payload_size) + s->page);
	if (!rings.lanes || !rings.entries || !open_rings(s))
		return false;
	for (uint32_t i = 0; i < queues; i++) {
		struct entry *e = rings.entries + i;
		uintptr_t after = ((uintptr_t)(rings.entries + queues) + s->page - 1) & ~(uintptr_t)(s->page - 1);

		e->payload = (char *)after + i * rings.payload_size;
		e->where[0] = (struct iovec) { &e->header, sizeof(e->header) };
		e->where[1] = (struct iovec) { e->payload, rings.payload_size };
	}
	return true;
}

/* Queues a command for an entry: REGISTER hands the entry to the kernel, COMMIT_AND_FETCH the
   reply in it. Either completes when the entry holds the next request. */
static void put_command(struct lane *lane, uint32_t queue, uint32_t what)
{
	struct entry *e = rings.entries + queue;
	struct ring_command *c = ring_put(&lane->ring, RING_URING_CMD);
	struct fuse_uring_cmd_req *req = (void *)c->command;

	c->fd = lane->session->device;
	c->op = what;
	c->address = (uintptr_t)e->where;
	c->length = 2;
	c->user_data = queue;
	req->qid = (uint16_t)queue;
	if (what == FUSE_IO_URING_CMD_COMMIT_AND_FETCH)
		req->commit_id = e->header.ring_ent_in_out.commit_id;
}

static void put_poll(struct lane *lane)
{
	struct ring_command *c = ring_put(&lane->ring, RING_POLL_ADD);

	c->fd = lane->session->device;
	c->poll_events = POLL_IN;
	c->user_data = DEVICE;
}

/* Copies the reply to where the kernel expects it: the header to the entry's header, body and
   data to the payload. */
static void lay_out_reply(struct entry *e, struct fuse_req *req)
{
	struct fuse_reply *r = &req->reply;
	size_t size = (size_t)r->body_size + r->data_size;

	if (size > rings.payload_size) {
		r->header.error = -EIO;
		r->body_size = r->data_size = 0;
		size = 0;
	}
	r->header.len = (uint32_t)(sizeof(r->header) + size);
	if (r->data_size && r->data != e->payload + r->body_size)
		memmove(e->payload + r->body_size, r->data, r->data_size);
	memcpy(e->payload, &r->body, r->body_size);
	memcpy(e->header.in_out, &r->header, sizeof(r->header));
	e->header.ring_ent_in_out.payload_sz = (uint32_t)size;
}

static void serve_entry(struct lane *lane, struct entry *e, struct fuse_req *req)
{
	struct fuse_session *s = lane->session;
	uint64_t start = s->trace ? sys_clock_ns() : 0;
	struct fuse_in_header in;
	uint32_t sent = e->header.ring_ent_in_out.payload_sz, used = (sent + 7) & ~7u;
	int decoded;

	memcpy(&in, e->header.in_out, sizeof(in));	/* lay_out_reply() overwrites it with the reply's header */
	if (used > rings.payload_size)
		used = (uint32_t)rings.payload_size;
	/* Reply data is built in the payload, behind the names and data of the request. */
	req->space = e->payload + used;
	req->space_size = (uint32_t)rings.payload_size - used;
	decoded = proto_decode_parts(req, &in, e->header.op_in, sizeof(e->header.op_in), e->payload,
				     sent > rings.payload_size ? 0 : sent);
	dispatch_decoded(req, decoded);
	lay_out_reply(e, req);
	if (s->trace)
		s->trace(req, true, sys_clock_ns() - start);
}

/* Errors of a queue that mean that the connection has ended. After any other error the queue's
   requests would wait for ever, so the process must end. */
static bool is_connection_end(int err)
{
	return err == -ENOTCONN || err == -ENODEV || err == -ECONNABORTED || err == -ECANCELED;
}

/* Serves all completed commands. *device is set if the device is readable. Returns 0, or the error
   that ended a queue prematurely. */
static int serve_completed(struct lane *lane, struct fuse_req *req, bool *device)
{
	struct ring_completion done;
	int err = 0;

	while (ring_take(&lane->ring, &done)) {
		if (done.user_data == DEVICE) {
			*device = true;
		} else if (done.result < 0) {
			if (!is_connection_end(done.result))
				err = done.result;
			lane->live--;
		} else {
			serve_entry(lane, rings.entries + done.user_data, req);
			put_command(lane, (uint32_t)done.user_data, FUSE_IO_URING_CMD_COMMIT_AND_FETCH);
		}
	}
	return err;
}

static int register_queues(struct lane *lane)
{
	int err = ring_enable(&lane->ring);

	if (lane->bound)
		thread_bind((int)lane->first);
	for (uint32_t queue = lane->first; queue < rings.queues; queue += lane->step) {
		put_command(lane, queue, FUSE_IO_URING_CMD_REGISTER);
		lane->live++;
	}
	return err;
}

static void *serve_lane(void *arg)
{
	struct lane *lane = arg;
	struct fuse_req req = { .session = lane->session };
	bool device;
	int err = register_queues(lane);

	if (lane->session->thread_starts)
		lane->session->thread_starts();
	while (!err && lane->live) {
		err = ring_wait(&lane->ring);
		if (!err)
			err = serve_completed(lane, &req, &device);
	}
	if (err && !is_connection_end(err) && lane->session->fails)
		lane->session->fails(err);
	return NULL;
}

int uring_start(struct fuse_session *s)
{
	int err = 0;

	for (uint32_t i = 0; s->threads > 1 && !err && i < rings.count; i++)
		err = thread_start(serve_lane, rings.lanes + i);
	/* One thread is enough for the requests that arrive through the device; the other supervises. */
	if (s->threads > 1)
		s->threads = 2;
	return err;
}

int uring_serve(struct fuse_session *s, char *buffer)
{
	struct lane *lane = rings.lanes;
	struct fuse_req req = { .session = s }, by_device = { .session = s };
	int err = sys_set_nonblocking(s->device);
	bool device = true;

	if (!err)
		err = register_queues(lane);
	while (!err) {
		while (device && !err && s->phase != FUSE_ENDED)
			err = dev_once(s, &by_device, buffer);
		if (device && err == -EAGAIN) {
			err = 0;
			put_poll(lane);
		}
		if (s->phase == FUSE_ENDED)
			return 0;
		device = false;
		if (!err)
			err = ring_wait(&lane->ring);
		if (!err)
			err = serve_completed(lane, &req, &device);
	}
	return err;
}
