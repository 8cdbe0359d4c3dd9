/* SPDX-License-Identifier: MIT */
/* wake_hold: see wake_hold.h. */
#include "wake_hold.h"

#include <errno.h>
#include <string.h>

#include "health/server.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/task.h"
#include "sys.h"
#include "sys/trace.h"

enum { ROUNDS = 100, LIMIT_MS = 500, TURN_MS = 8000, BRIEF_MS = 200 };

static bool is_held(const struct hold *h, int tid)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->threads[i].tid == tid)
			return true;
	return false;
}

static int add_thread(struct hold *h, int tid)
{
	size_t room = h->room ? h->room * 2 : 512;
	struct hold_thread *threads = h->threads;

	if (h->count == h->room) {
		threads = sys_more_pages(threads, h->room * sizeof(*threads), room * sizeof(*threads));
		if (!threads)
			return -ENOMEM;
		h->threads = threads;
		h->room = room;
	}
	threads[h->count++] = (struct hold_thread) { .tid = tid };
	return 0;
}

/* A thread in one of these states makes no system call: it ends, sleeps uninterruptibly, is frozen,
   or is stopped by a signal or a tracer. */
static bool is_quiet(int pid, int tid)
{
	char state = task_state(pid, tid);

	return state != 'R' && state != 'S';
}

/* Whether the tracer of a thread is another fumount, which holds it for some milliseconds. */
static bool is_fumount(int tracer)
{
	char command[16];

	if (!tracer)
		return false;
	proc_command(tracer, command);
	return strcmp(command, SERVER_WAKER) == 0;
}

/* The kernel reuses thread numbers, so look after PTRACE_SEIZE whether the thread is one of the process:
   its number cannot be reused while this process traces it. A thread of another process that was seized by
   mistake is released when this process ends. */
static int seize_thread(struct hold *h, int pid, int tid)
{
	int err = trace_seize(tid), tracer = err == -EPERM ? task_tracer(tid) : 0;

	if (err == -ESRCH)
		return 0;
	if (tracer == sys_getpid())
		err = 0;	/* the call before seized the thread, and could not read its state */
	else if (is_fumount(tracer))
		return -EAGAIN;
	if (err)
		return err == -EPERM && is_quiet(pid, tid) ? 0 : err;
	if (!task_state(pid, tid))
		return task_tracer(tid) == sys_getpid() ? -EAGAIN : 0;
	err = trace_interrupt(tid);
	return err && err != -ESRCH ? err : add_thread(h, tid);
}

/* Returns how many threads were new, or -errno. */
static int seize_new_threads(struct hold *h, int pid)
{
	struct sys_dir tasks;
	const char *name;
	uint64_t tid;
	int added = 0, err = task_opendir(&tasks, pid);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	while (!err && (name = sys_readdir(&tasks))) {
		if (opt_number(name, INT32_MAX, &tid) < 0 || is_held(h, (int)tid))
			continue;
		err = seize_thread(h, pid, (int)tid);
		added += h->count > 0 && h->threads[h->count - 1].tid == (int)tid;
	}
	sys_close(tasks.fd);
	return err ? err : added;
}

/* -EAGAIN while a thread runs. */
static int count_still(struct hold *h, int pid)
{
	for (; h->still < h->count; h->still++) {
		struct hold_thread *t = h->threads + h->still;

		if (trace_is_still(t->tid, &t->signal) == 0 && !is_quiet(pid, t->tid))
			return -EAGAIN;
	}
	return 0;
}

static int await_still(struct hold *h, int pid)
{
	uint64_t end = sys_clock_ns() + (uint64_t)LIMIT_MS * NS_PER_MS;
	int err;

	while ((err = count_still(h, pid)) == -EAGAIN && sys_clock_ns() < end)
		sys_sleep_ms(1);
	return err ? -EBUSY : 0;
}

/* A thread may start another one before it is held: repeat until no new thread is found. The pidfd shows
   that `pid` has meant the same process all the while. */
static int hold_all_threads(struct hold *h, int pid, int pidfd)
{
	int added, err = 0;

	for (int i = 0; i < ROUNDS && !err; i++) {
		added = seize_new_threads(h, pid);
		err = added < 0 ? added : await_still(h, pid);
		if (!err)
			err = sys_pidfd_kill(pidfd, 0);
		if (!err && !added)
			return 0;
	}
	return err ? err : -EBUSY;
}

/* The pidfd gave a descriptor, so this process may trace: -EPERM means that another one does, or that a fumount
   has let go between two looks. Keep the threads that are held already: a thread cannot be released before it has
   stopped. Each fumount begins with the lowest number, so that no two wait for each other. */
int hold_process(struct hold *h, int pid, int pidfd)
{
	uint64_t began = sys_clock_ns(), met = began, now;
	int err;

	for (;;) {
		err = hold_all_threads(h, pid, pidfd);
		now = sys_clock_ns();
		met = err == -EAGAIN ? now : met;
		if ((err != -EAGAIN && err != -EPERM) || now - met >= (uint64_t)BRIEF_MS * NS_PER_MS
		    || now - began >= (uint64_t)TURN_MS * NS_PER_MS)
			return err == -EAGAIN ? -EBUSY : err;
		sys_sleep_ms(2);
	}
}

/* A thread that sleeps uninterruptibly cannot be released: it goes on when this process ends. */
void hold_release(struct hold *h)
{
	for (size_t i = 0; i < h->count; i++)
		trace_release(h->threads[i].tid, h->threads[i].signal);
	if (h->room)
		sys_free_pages(h->threads, h->room * sizeof(*h->threads));
	*h = (struct hold) { .count = 0 };
}
