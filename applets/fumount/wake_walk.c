/* SPDX-License-Identifier: MIT */
/* wake_walk: see wake_walk.h.
 *
 * The kernel numbers a connection's requests 2 (INIT), 4, 6 … as it queues them. An answer to a number
 * that is not in flight is ENOENT, and changes nothing. A clone of the device has in-flight requests of
 * its own, so each number is tried on each device.
 */
#include "wake_walk.h"

#include <errno.h>
#include <fcntl.h>

#include "fuse_kernel.h"
#include "health/fusectl.h"
#include "mount/table.h"
#include "sys/child.h"
#include "sys.h"
#include "sys/priv.h"

enum { FIRST = 2, STEP = 2, ASK_MS = 500, WALK_MS = 5000, BATCH = 1024 };

/* ---- A request whose number is the newest ---- */

/* Asks as the mount's owner: without allow_other the kernel refuses everybody else, root included. */
static int ask_at(int fd, const struct table_row *row)
{
	int64_t uid = table_owner(row), gid = table_group(row);

	if (uid >= 0 && gid >= 0)
		priv_become((uid_t)uid, (gid_t)gid, NULL, 0);
	sys_die_with_parent();	/* after the uids change, which clears it */
	sys_magic(fd);
	return 1;
}

static int ask_row(const struct table_row *row, void *data)
{
	const uint64_t *connection = data;
	struct sys_stat st;
	int fd;

	if (!table_is_fuse(row) || table_connection(row) != *connection)
		return 0;
	fd = sys_open(row->mountpoint, O_PATH, 0);
	if (fd < 0)
		return 0;
	if (sys_statx(fd, "", false, &st) < 0 || st.dev_major != row->major || st.dev_minor != row->minor)
		return sys_close(fd), 0;
	return ask_at(fd, row);
}

/* A child process waits for the answer, and for whatever else is on the way to the mount. */
static int ask(void *data)
{
	sys_die_with_parent();
	return table_each(NULL, ask_row, data);
}

/* Reads until a request comes. */
static int read_some(struct wake_queue *q)
{
	const uint64_t end = sys_clock_ns() + (uint64_t)ASK_MS * 1000000;
	int err;

	while (!(err = queue_read(q, true)) && !q->pass->count && sys_clock_ns() < end)
		sys_sleep_ms(1);
	return err ? err : q->pass->count ? 0 : -ENXIO;
}

/* The request of the child is no waiter's. */
static void drop_own(struct wake_pass *pass)
{
	for (uint32_t i = 0; i < pass->count; i++) {
		if (pass->requests[i].opcode != FUSE_STATFS)
			continue;
		pass->requests[i] = pass->requests[--pass->count];
		pass->ended--;
		return;
	}
}

/* ---- What the server has not read ---- */

/* It cannot be given back. An error of RELEASE is ignored by the kernel, but the server keeps the file
   open. */
static void answer_unread(const struct wake_job *job, struct wake_queue *q)
{
	struct wake_pass *pass = q->pass;

	for (uint32_t i = 0; i < pass->count; i++) {
		struct wake_request *r = pass->requests + i;
		bool release = r->opcode == FUSE_RELEASE || r->opcode == FUSE_RELEASEDIR;

		pass->unreleased += release;
		r->fate = release ? WAKE_DONE : WAKE_ENDED;
	}
	queue_answer(q, job->order->error);
}

/* The newest number, or 0. */
static uint64_t newest_of(const struct wake_pass *pass)
{
	uint64_t newest = 0;

	for (uint32_t i = 0; i < pass->count; i++)
		if (pass->requests[i].unique > newest)
			newest = pass->requests[i].unique;
	return newest;
}

static int end_own(const struct wake_job *job, struct wake_queue *q, uint64_t *newest)
{
	uint64_t connection = job->connection;
	struct child child;
	int err = child_start(&child, ask, &connection);

	if (err)
		return err;
	err = read_some(q);
	*newest = newest_of(q->pass);
	answer_unread(job, q);
	drop_own(q->pass);
	sys_kill(child.pid, 9);
	child_leave(&child);
	return err;
}

static int end_unread(const struct wake_job *job, struct wake_queue *q, uint64_t *newest)
{
	int err = queue_read(q, true);

	*newest = newest_of(q->pass);
	if (!err && !*newest)
		return end_own(job, q, newest);
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

/* `newest` is not in flight any more; what an earlier pass tried is not tried again. */
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
	w.end = sys_clock_ns() + (uint64_t)WALK_MS * 1000000;
	walk_from(&w, newest);
	return 0;
}

bool walk_is_unfinished(const struct wake_pass *pass)
{
	return pass->walked.low > FIRST;
}
