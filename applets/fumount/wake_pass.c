/* SPDX-License-Identifier: MIT */
/* wake_pass: see wake_pass.h.
 *
 * The child that does this may be killed at any moment. The servers go on then, since the kernel ends
 * the tracing with the tracer; and no request is lost, since each one waits either to be read, or
 * as a request that the server has read, which the next RESEND reaches.
 */
#include "wake_pass.h"

#include <errno.h>
#include <poll.h>

#include "fuse_kernel.h"
#include "out.h"
#include "proc/proc.h"
#include "sys/child.h"
#include "sys.h"
#include "sys/trace.h"
#include "wake_hold.h"

enum { FUSE_MAJOR = 10, FUSE_MINOR = 229, LIMIT_MS = 10000 };

struct wake_pass *wake_pass_new(void)
{
	return sys_shared_pages(sizeof(struct wake_pass));
}

/* ---- The server ---- */

/* Whether a descriptor of this process is one of the connection, which is not over. */
static bool is_device_of(int fd, uint64_t connection)
{
	struct sys_stat st;
	char name[12];
	struct out out = OUT_TEXT(name);
	uint64_t told;
	int err, events;

	if (sys_statx(fd, "", false, &st) < 0 || st.rdev_major != FUSE_MAJOR || st.rdev_minor != FUSE_MINOR)
		return false;
	out_fmt(&out, "%d", fd);
	err = proc_connection("self", out_text(&out), &told);
	events = sys_poll_now(fd);
	return events >= 0 && !(events & POLLERR) && (err == -ENODATA || (!err && told == connection));
}

/* Fetches the descriptor through the pidfd, so that it belongs to the process that is held, whichever
   process that is by now. What is no device of the connection is not closed here: that may block. */
static int hold_server(struct hold *hold, const struct wake_job *job, const struct server *server)
{
	int pidfd = sys_pidfd_open(server->pid);
	int device = pidfd < 0 ? pidfd : trace_fetch_fd(pidfd, server->fd), err;

	if (device < 0)
		return device;
	if (!is_device_of(device, job->connection))
		return -ESTALE;
	err = hold_process(hold, server->pid, pidfd);
	sys_close(pidfd);
	return err ? err : device;
}

/* Returns a duplicate of the first server's descriptor, or -errno. */
static int hold_servers(struct hold *hold, const struct wake_job *job)
{
	int device = -ESRCH, fd;

	for (int i = 0; i < job->server_count; i++) {
		fd = hold_server(hold, job, job->servers + i);
		if (fd < 0 && fd != -ESRCH && fd != -ESTALE)
			return fd;
		if (device < 0)
			device = fd;
		else if (fd >= 0)
			sys_close(fd);
	}
	return device;
}

/* ---- What becomes of each request ---- */

static bool is_wanted(const struct wake_order *o, const struct callers *c, const struct wake_request *r)
{
	return (!o->node || o->node == r->node) && (!o->pid || callers_is_of(c, r, o->pid))
	       && (o->older < 0 || r->waited >= o->older);
}

/* A thread that was woken closes its files: that is to end, too. */
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

/* The kernel's own requests write dirty pages, or read ahead: they have no age. A thread may wait for
   them, so they are as old as the oldest request. */
static void set_kernel_age(struct wake_pass *pass)
{
	int32_t oldest = -1;

	for (uint32_t i = 0; i < pass->count; i++)
		oldest = pass->requests[i].waited > oldest ? pass->requests[i].waited : oldest;
	for (uint32_t i = 0; i < pass->count; i++)
		if (!pass->requests[i].pid)
			pass->requests[i].waited = oldest;
}

static void choose_fates(const struct wake_job *job)
{
	struct wake_pass *pass = job->pass;
	struct callers callers;

	callers_begin(&callers, job->servers[0].pid);
	pass->own_space = callers.own_space;
	for (uint32_t i = 0; i < pass->count && job->order->describe; i++)
		callers_describe(&callers, pass->requests + i);
	set_kernel_age(pass);
	for (uint32_t i = 0; i < pass->count; i++)
		pass->requests[i].fate = (uint8_t)choose_fate(job, &callers, pass->requests + i);
}

/* ---- One pass ---- */

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
	if (!err) {
		choose_fates(job);
		queue_answer(q, job->order->error);
	}
	given = err || pass->back ? queue_resend(q) : 0;
	queue_retrieve(q);
	return err ? err : given;
}

static int run_in_child(void *data)
{
	const struct wake_job *job = data;
	struct wake_queue q = { .buf = NULL };
	struct hold hold = { .count = 0 };
	uint64_t began = sys_clock_ns();
	int device;

	sys_block_signals();
	for (int fd = 0; fd <= 2; fd++)	/* a reader of a pipe would wait for a child that blocks */
		sys_close(fd);
	device = hold_servers(&hold, job);
	job->pass->held = device < 0 ? device : 0;
	if (device < 0)
		return device;
	job->pass->err = queue_open(&q, device, job->pass);
	if (!job->pass->err)
		job->pass->err = end_requests(job, &q);
	hold_release(&hold);
	job->pass->took = sys_clock_ns() - began;
	queue_close(&q);
	return 0;
}

/* The child is still unreaped when it is killed, so the number is its own. */
void wake_pass_run(struct wake_job *job)
{
	struct wake_pass *pass = job->pass;
	struct child child;
	int err;

	pass->count = pass->ended = pass->done = pass->back = pass->gone = pass->forgotten = pass->unasked = 0;
	pass->err = pass->held = 0;
	err = child_start(&child, run_in_child, job);
	if (!err)
		err = child_wait(&child, LIMIT_MS);
	if (err == -ETIMEDOUT) {
		sys_kill(child.pid, 9);
		child_leave(&child);
	}
	if (err && !pass->held)
		pass->err = err;
}
