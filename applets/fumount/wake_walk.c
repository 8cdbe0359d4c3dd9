/* SPDX-License-Identifier: MIT */
/* wake_walk: see wake_walk.h.
 *
 * The kernel numbers a connection's requests 2 (INIT), 4, 6 … as it queues them. An answer to a number
 * that is not in flight is ENOENT, and changes nothing. A clone of the device has in-flight requests of
 * its own, so each number is tried on each device.
 */
#include "wake_walk.h"

#include <errno.h>

#include "fuse_kernel.h"
#include "health/fusectl.h"
#include "sys.h"
#include "wake_ask.h"

enum { FIRST = 2, STEP = 2, WALK_MS = 5000, BATCH = 1024 };

/* ---- What the server has not read ---- */

/* Without RESEND a request that was read cannot be given back to the server: answer each. The kernel
   ignores the error of a RELEASE, but the server keeps the file open. */
static void answer_unread(const struct wake_job *job, struct wake_queue *q)
{
	struct wake_pass *pass = q->pass;

	for (uint32_t i = 0; i < pass->count; i++) {
		struct wake_request *r = pass->requests + i;
		bool release = r->opcode == FUSE_RELEASE || r->opcode == FUSE_RELEASEDIR;

		pass->unreleased += release;
		r->fate = release ? WAKE_DONE : WAKE_ENDED;
	}
	queue_answer(q, 0, job->order->error);
}

/* The highest request number in the pass, or 0. */
static uint64_t newest_of(const struct wake_pass *pass)
{
	uint64_t newest = 0;

	for (uint32_t i = 0; i < pass->count; i++)
		if (pass->requests[i].unique > newest)
			newest = pass->requests[i].unique;
	return newest;
}

/* No request waits to be read: send one by ask_start(), whose number is then the newest, and which no other
   process waits for. */
static int read_own(const struct wake_job *job, struct wake_queue *q, uint64_t *newest)
{
	struct ask ask;
	int err = ask_start(&ask, job->connection);

	if (!err)
		err = queue_read(q, true);
	*newest = newest_of(q->pass);
	if (!err && !queue_end_own(q, &ask))
		err = -ENXIO;
	ask_end(&ask);
	return err;
}

static int end_unread(const struct wake_job *job, struct wake_queue *q, uint64_t *newest)
{
	int err = queue_read(q, true);

	*newest = newest_of(q->pass);
	if (!err && !*newest)
		err = read_own(job, q, newest);
	answer_unread(job, q);
	return err;
}

/* ---- What it has read ---- */

struct walk {
	const struct wake_job *job;
	const struct wake_servers *servers;
	uint64_t end;	/* on sys_clock_ns() */
	bool over;
};

static void try_number(const struct walk *w, uint64_t unique)
{
	const struct fuse_out_header answer = { .len = sizeof(answer), .error = w->job->order->error, .unique = unique };

	for (int i = 0; i < w->servers->count; i++)
		if (sys_write(w->servers->devices[i], &answer, sizeof(answer)) > 0)
			w->job->pass->ended++;
}

static bool is_over(const struct walk *w)
{
	return fusectl_waiting(w->job->connection) <= 0 || sys_clock_ns() >= w->end;
}

/* Tries the numbers between `from` and `to`, downwards. Returns the last one that it tried. */
static uint64_t walk_down(struct walk *w, uint64_t from, uint64_t to)
{
	uint64_t n = from;

	for (uint32_t i = 1; n > to + STEP && !w->over; i++) {
		n -= STEP;
		try_number(w, n);
		w->over = i % BATCH == 0 && is_over(w);
	}
	return n > to + STEP ? n : to;
}

/* Tries the numbers below `newest`, a request that is no longer in flight, and skips those that an earlier
   pass has tried. */
static void walk_from(struct walk *w, uint64_t newest)
{
	struct wake_walked *done = &w->job->pass->walked;

	if (done->top)
		walk_down(w, newest + STEP, done->top);
	else
		done->low = newest;
	done->top = newest;
	done->low = walk_down(w, done->low, FIRST);
}

int walk_requests(const struct wake_job *job, struct wake_queue *q, struct wake_servers *servers)
{
	struct walk w = { .job = job, .servers = servers };
	uint64_t newest = 0;
	int err = end_unread(job, q, &newest);

	servers_release(servers);
	if (err)
		return err;
	w.end = sys_clock_ns() + (uint64_t)WALK_MS * NS_PER_MS;
	walk_from(&w, newest);
	return 0;
}

bool walk_is_unfinished(const struct wake_pass *pass)
{
	return pass->walked.low > FIRST;
}
