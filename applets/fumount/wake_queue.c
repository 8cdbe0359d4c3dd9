/* SPDX-License-Identifier: MIT */
/* wake_queue: see wake_queue.h.
 *
 * It reads from a duplicate of the server's own descriptor, not from a clone of it: when the last
 * descriptor of a clone is closed, the kernel ends the requests that were read through it with ECONNABORTED. If this
 * process is killed, the requests that it has read still wait, and RESEND gives them back.
 */
#include "wake_queue.h"

#include <errno.h>
#include <string.h>

#include "sys.h"
#include "sys/trace.h"

/* The kernel wants room for a WRITE of the max_write to which the server has agreed. */
enum { FIRST_BUFFER = (1 << 20) + 65536, LAST_BUFFER = 1 << 29, READ_MS = 100 };

int queue_open(struct wake_queue *q, int device, struct wake_pass *pass)
{
	*q = (struct wake_queue) { .device = device, .pass = pass, .size = FIRST_BUFFER };
	q->buf = sys_pages(q->size);
	return q->buf ? 0 : -ENOMEM;
}

void queue_close(struct wake_queue *q)
{
	if (q->buf)
		sys_free_pages(q->buf, q->size);
	map_free(&q->index);
}

static int grow_buffer(struct wake_queue *q)
{
	size_t size = q->size * 2;
	char *buf = size > LAST_BUFFER ? NULL : sys_more_pages(q->buf, q->size, size);

	if (!buf)
		return -ENOMEM;
	q->buf = buf;
	q->size = size;
	return 0;
}

static int write_reply(struct wake_queue *q, uint64_t unique, int code, const void *body, size_t size)
{
	const struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + size), .error = code, .unique = unique,
	};
	const struct iovec iov[2] = { { (void *)&header, sizeof(header) }, { (void *)body, size } };
	ssize_t n;

	do
		n = sys_writev(q->device, iov, size ? 2 : 1);
	while (n == -EINTR);
	return n < 0 ? (int)n : 0;
}

int queue_resend(struct wake_queue *q)
{
	return write_reply(q, 0, FUSE_NOTIFY_RESEND, NULL, 0);
}

static int add_request(struct wake_queue *q, const struct wake_request *request, bool unread)
{
	uint64_t key = request->unique & ~FUSE_UNIQUE_RESEND;
	struct wake_pass *pass = q->pass;
	uint32_t *at = map_find(&q->index, key);

	if (at) {	/* this process has read the request before: RESEND delivered it again */
		pass->requests[*at].unique = request->unique;
		return 0;
	}
	if (map_add(&q->index, key, pass->count) < 0)
		return -ENOMEM;
	pass->requests[pass->count] = *request;
	pass->requests[pass->count++].unread = unread;
	return 0;
}

static void note_retrieve(struct wake_queue *q, const struct fuse_notify_retrieve_out *again)
{
	enum { MOST = sizeof(q->retrieves) / sizeof(*q->retrieves) };

	if (q->retrieve_count < MOST)
		q->retrieves[q->retrieve_count++] = *again;
	else
		q->pass->unasked++;
}

void queue_retrieve(struct wake_queue *q)
{
	for (uint32_t i = 0; i < q->retrieve_count; i++)
		if (write_reply(q, 0, FUSE_NOTIFY_RETRIEVE, q->retrieves + i, sizeof(*q->retrieves)) < 0)
			q->pass->unasked++;
	q->retrieve_count = 0;
}

static int take(struct wake_queue *q, size_t size, bool unread)
{
	struct fuse_notify_retrieve_out again;
	struct wake_request request;
	uint32_t count;

	switch (wake_parse(q->buf, size, &request, &count, &again)) {
	case WAKE_NOTHING:
		return 0;
	case WAKE_REQUEST:
		return add_request(q, &request, unread);
	case WAKE_FORGET:
		q->pass->forgotten += count;
		return 0;
	case WAKE_RETRIEVED:
		note_retrieve(q, &again);
		return 0;
	}
	return 0;
}

int queue_read(struct wake_queue *q, bool unread)
{
	int err = 0;

	while (!err && q->pass->count < WAKE_ROOM) {
		ssize_t n = trace_read(q->device, q->buf, q->size, READ_MS);

		if (n == -EAGAIN || n == -EINTR)
			break;
		err = n == -EINVAL ? grow_buffer(q) : n == -ENODEV || n == -ECONNABORTED ? -ENOTCONN
		      : n == -ENOENT ? 0 : n < 0 ? (int)n : take(q, (size_t)n, unread);
	}
	return err;
}

static void drop_request(struct wake_queue *q, uint32_t at)
{
	struct wake_pass *pass = q->pass;

	pass->requests[at] = pass->requests[--pass->count];
	map_free(&q->index);
	for (uint32_t i = 0; i < pass->count; i++)
		map_add(&q->index, pass->requests[i].unique & ~FUSE_UNIQUE_RESEND, i);
}

bool queue_end_own(struct wake_queue *q, const struct ask *ask)
{
	for (uint32_t i = q->pass->count; i-- > 0; ) {
		if (!ask_is_by(ask, q->pass->requests + i))
			continue;
		write_reply(q, q->pass->requests[i].unique, -EINTR, NULL, 0);
		drop_request(q, i);
		return true;
	}
	return false;
}

void queue_answer(struct wake_queue *q, uint32_t first, int error)
{
	struct wake_pass *pass = q->pass;

	for (uint32_t i = first; i < pass->count; i++) {
		const struct wake_request *r = pass->requests + i;

		if (r->fate == WAKE_BACK)
			pass->back++;
		else if (write_reply(q, r->unique, r->fate == WAKE_ENDED ? error : 0, NULL, 0) < 0)
			pass->gone++;
		else if (r->fate == WAKE_ENDED)
			pass->ended++;
		else
			pass->done++;
	}
}
