/* SPDX-License-Identifier: MIT */
/* wake_pass: see wake_pass.h.
 *
 * The child that does this may be killed at any moment. The servers go on then, since the kernel ends
 * the tracing with the tracer; and no process waits for ever, since each request waits either to be read, or
 * as a request that the server has read, which the next RESEND reaches. But a RELEASE that only this child has read
 * then looks like one that the server has read, and must not reach it twice. So the child has a session and a name of
 * its own: whatever kills fumount lets the child finish.
 */
#include "wake_pass.h"

#include <errno.h>
#include <string.h>

#include "fuse_kernel.h"
#include "sys/child.h"
#include "sys.h"
#include "wake_server.h"
#include "wake_walk.h"

enum { LIMIT_MS = 10000, NEXT_MS = 3, MORE_MS = 50 };

struct wake_pass *wake_pass_new(void)
{
	return sys_shared_pages(sizeof(struct wake_pass));
}

/* ---- What becomes of each request ---- */

static bool is_wanted(const struct wake_order *o, const struct callers *c, const struct wake_request *r)
{
	return (!o->node || o->node == r->node) && (!o->pid || callers_is_of(c, r, o->pid))
	       && (o->older < 0 || r->waited >= o->older);
}

/* A woken thread closes its files, which sends further requests: end those, too. */
static bool is_selected(const struct wake_job *job, const struct callers *c, const struct wake_request *r)
{
	return !job->order->peek
	       && (is_wanted(job->order, c, r) || (r->pid && map_find(&job->woken, r->pid)));
}

/* On RELEASE the server frees the handle, so it must get each RELEASE exactly once, and the kernel
   ignores an error. An INIT that fails makes the connection fail for ever. */
static enum wake_fate choose_fate(const struct wake_job *job, const struct callers *c,
				  const struct wake_request *r)
{
	switch (r->opcode) {
	case FUSE_INIT:
		return WAKE_BACK;
	case FUSE_RELEASE: case FUSE_RELEASEDIR:
		return r->unread ? WAKE_BACK : WAKE_DONE;
	}
	return is_selected(job, c, r) ? WAKE_ENDED : WAKE_BACK;
}

/* The kernel's own requests, which write dirty pages or read ahead, have no caller, and nothing tells their age. A thread may
   wait for them to end: --older takes them to be as old as the oldest request that has a caller. */
static void set_kernel_age(struct wake_pass *pass)
{
	int32_t oldest = -1;

	for (uint32_t i = 0; i < pass->count; i++)
		oldest = pass->requests[i].waited > oldest ? pass->requests[i].waited : oldest;
	for (uint32_t i = 0; i < pass->count; i++)
		if (!pass->requests[i].pid)
			pass->requests[i].waited = oldest;
}

static void choose_fates(const struct wake_job *job, uint32_t first)
{
	struct wake_pass *pass = job->pass;
	struct callers callers;

	callers_begin(&callers, pass->server);
	pass->own_space = callers.own_space;
	for (uint32_t i = first; i < pass->count && job->order->describe; i++)
		callers_describe(&callers, pass->requests + i);
	set_kernel_age(pass);
	for (uint32_t i = first; i < pass->count; i++)
		pass->requests[i].fate = (uint8_t)choose_fate(job, &callers, pass->requests + i);
}

/* ---- One pass ---- */

static void answer_from(const struct wake_job *job, struct wake_queue *q, uint32_t first)
{
	choose_fates(job, first);
	queue_answer(q, first, job->order->error);
}

/* A woken thread releases a lock, for example of a directory, and the thread that gets it sends the next request. */
static int answer_next(const struct wake_job *job, struct wake_queue *q)
{
	uint64_t end = sys_clock_ns() + (uint64_t)MORE_MS * NS_PER_MS;
	uint32_t first;
	int err = 0;

	while (!err && sys_clock_ns() < end && sys_poll_in(q->device, NEXT_MS) > 0) {
		first = job->pass->count;
		err = queue_read(q, true);
		if (!err)
			answer_from(job, q, first);
	}
	return err;
}

static bool is_for_all(const struct wake_order *o)
{
	return !o->peek && !o->pid && !o->node && o->older < 0;
}

/* Read the requests that the server has not read first: the kernel then adds those that it sends
   again. If anything fails after the first read, the second RESEND gives back all unanswered ones. */
static int end_requests(const struct wake_job *job, struct wake_queue *q)
{
	struct wake_pass *pass = job->pass;
	int err = queue_read(q, true), given;

	if (!err)
		err = queue_resend(q);
	if (!err)
		err = queue_read(q, false);
	if (!err)
		answer_from(job, q, 0);
	if (!err && pass->ended && is_for_all(job->order))
		err = answer_next(job, q);
	given = err || pass->back ? queue_resend(q) : 0;
	queue_retrieve(q);
	return err ? err : given;
}

static int run_in_child(void *data)
{
	const struct wake_job *job = data;
	struct wake_queue q = { .buf = NULL };
	struct wake_servers servers;
	uint64_t began = sys_clock_ns();
	int err;

	sys_block_signals();
	sys_setsid();
	sys_name_process(SERVER_WAKER);
	sys_close_stdio(NULL, 0);	/* a reader of a pipe would wait for a child that blocks */
	job->pass->held = err = servers_hold(&servers, job, &q);
	job->pass->server = servers.pid;
	if (err)
		return err;
	err = q.buf ? 0 : queue_open(&q, servers.devices[0], job->pass);
	if (!err)
		err = job->order->walk ? walk_requests(job, &q, &servers) : end_requests(job, &q);
	job->pass->err = err;
	servers_release(&servers);
	job->pass->took = sys_clock_ns() - began;
	queue_close(&q);
	return 0;
}

void wake_pass_run(struct wake_job *job)
{
	struct wake_pass *pass = job->pass;
	int err;

	pass->count = pass->ended = pass->done = pass->back = pass->gone = pass->forgotten = pass->unasked = pass->unreleased = 0;
	pass->err = pass->held = 0;
	memset(pass->serving, 0, sizeof(pass->serving));
	err = child_run(run_in_child, job, LIMIT_MS);
	if (err && !pass->held)
		pass->err = err;
}
