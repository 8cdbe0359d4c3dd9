/* SPDX-License-Identifier: MIT */
/* wake_passes: find the servers of a connection, and end what waits for them, pass by pass. See waking.h. */
#include "waking.h"

#include <errno.h>

#include "health/fusectl.h"
#include "proc/task.h"
#include "sys.h"
#include "wake_walk.h"

enum { EMPTY_PASSES = 5, EMPTY_MS = 10, SETTLE_MS = 50 };

/* ---- The servers ---- */

static bool is_known(const struct wake_pass *pass, int pid)
{
	for (int i = 0; i < pass->server_count; i++)
		if (pass->servers[i].pid == pid)
			return true;
	return false;
}

static int add_server(const struct server *server, void *data)
{
	struct waking *w = data;
	struct wake_job *job = &w->job;

	if ((server->connection != job->connection && server->connection != SERVER_NOT_TOLD)
	    || server->pid == sys_getpid() || server_is_over(server))
		return 0;	/* not of this connection, or of an older one with its number; or this process */
	if (server->connection == SERVER_NOT_TOLD)
		job->untold = true;
	else if (!w->order.walk && is_known(job->pass, server->pid))
		return 0;	/* RESEND reaches all devices of the connection through any */
	if (job->pass->server_count == WAKE_SERVERS)
		return w->error = -E2BIG, 1;
	job->pass->servers[job->pass->server_count++] = *server;
	return 0;
}

int waking_find_servers(struct waking *w, const struct conn *conn)
{
	int err;

	w->job.conn = conn;
	w->job.connection = conn->connection;
	w->job.pass->server_count = 0;
	w->job.untold = false;
	w->error = 0;
	err = server_each(add_server, w);
	w->job.complete = err == -ENODATA;
	return w->error ? w->error : w->job.pass->server_count ? 0 : err == -EAGAIN ? -EACCES : -ESRCH;
}

/* Of candidates, keeps those that serve the connection: to look at another server again would send the mount
   one more request, and would have that server do its work again. */
static void keep_serving(struct wake_pass *pass)
{
	int count = 0;

	for (int i = 0; i < pass->server_count; i++)
		if (pass->serving[i])
			pass->servers[count++] = pass->servers[i];
	pass->server_count = count;
}

/* ---- Passes ---- */

static void note_woken(struct waking *w, uint32_t pid)
{
	if (map_find(&w->job.woken, pid))
		return;
	map_add(&w->job.woken, pid, 0);
	w->progress = sys_clock_ns();
}

static void add_pass(struct waking *w)
{
	const struct wake_pass *pass = w->job.pass;

	w->ended += pass->ended;
	w->done += pass->done;
	w->forgotten += pass->forgotten;
	w->unasked += pass->unasked;
	w->unreleased += pass->unreleased;
	if (w->order.walk && walk_is_unfinished(pass))
		w->progress = sys_clock_ns();
	for (uint32_t i = 0; i < pass->count && w->order.describe; i++)
		waking_report_request(w, pass->requests + i);
	for (uint32_t i = 0; i < pass->count; i++)
		if (pass->requests[i].fate == WAKE_ENDED && pass->requests[i].pid)
			note_woken(w, pass->requests[i].pid);
}

/* Whether a woken thread waits in FUSE again: it closes its files, which sends further requests. */
static bool are_waiting_again(const struct waking *w)
{
	const struct wake_pass *pass = w->job.pass;

	for (uint32_t i = 0; i < pass->count && pass->own_space; i++)
		if (pass->requests[i].fate == WAKE_ENDED && callers_wait(pass->requests + i))
			return true;
	return false;
}

/* Whether a woken thread runs: until it waits for something else, or has ended, it can send the next request. */
static bool are_running(const struct wake_job *job)
{
	const struct map_entry *entries = job->woken.entries;

	for (size_t i = 0; i < job->woken.room && job->pass->own_space; i++)
		if (entries[i].used && task_state((int)entries[i].key, (int)entries[i].key) == 'R')
			return true;
	return false;
}

/* Whether, within a moment, more requests wait than the pass has given back to the server. */
static bool do_more_come(const struct waking *w)
{
	for (int i = 0; i < SETTLE_MS; i++) {
		sys_sleep_ms(1);
		if (fusectl_waiting(w->job.connection) > (int64_t)w->job.pass->back)
			return true;
	}
	return false;
}

/* Some requests come from threads that waited for a directory's lock, which each of them gets after the one
   before: on a busy machine, not within a moment. After a pass that found nothing, let the thread run whose
   request is counted already. Where the number is not visible to this user, the next pass has to find out. */
static bool are_more_waiting(const struct waking *w)
{
	const uint64_t end = sys_clock_ns() + (uint64_t)w->lock_ms * NS_PER_MS;

	sys_sleep_ms(w->empty * EMPTY_MS);
	do {
		if (do_more_come(w))
			return true;
	} while (w->ended && sys_clock_ns() < end && (are_running(&w->job) || callers_may_come()));
	return !w->empty && fusectl_waiting(w->job.connection) < 0;
}

/* A request counts as waiting a little before it can be read, so a single pass that finds none shows
   nothing. */
static bool is_another_pass_due(struct waking *w)
{
	w->empty = w->job.pass->ended || (w->order.walk && walk_is_unfinished(w->job.pass)) ? 0 : w->empty + 1;
	if (w->order.peek || w->empty == EMPTY_PASSES)
		return false;
	if (!w->selects)
		return are_more_waiting(w);
	sys_sleep_ms(SETTLE_MS);
	return !w->empty && are_waiting_again(w);
}

/* 0 if the server has ended because the last waiter of a detached mount was woken. */
static int pass_error(const struct waking *w)
{
	int err = w->job.pass->held ? w->job.pass->held : w->job.pass->err;

	return w->ended && (err == -ESRCH || err == -ESTALE || err == -ENOTCONN) ? 0 : err;
}

int waking_run_passes(struct waking *w, int limit_ms, uint64_t end)
{
	struct wake_pass *pass = w->job.pass;
	uint64_t now;

	w->empty = 0;
	w->lock_ms = limit_ms / 2;
	w->progress = sys_clock_ns();
	do {
		wake_pass_run(&w->job);
		if (!pass->held)
			add_pass(w);
		if (pass->held || pass->err)
			return pass_error(w);
		if (w->job.untold)
			keep_serving(pass);
		if (!is_another_pass_due(w))
			break;
		now = sys_clock_ns();
	} while (now < end && now < w->progress + (uint64_t)limit_ms * NS_PER_MS);
	return 0;
}
