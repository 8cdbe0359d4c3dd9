/* SPDX-License-Identifier: MIT */
/* thread: see thread.h. */
#define _GNU_SOURCE
#include "thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys.h"

enum { STACK = 128 * 1024 };

static int create(void *(*run)(void *), void *arg)
{
	const uint64_t all = UINT64_MAX;
	uint64_t before = 0;
	pthread_attr_t how;
	pthread_t thread;
	int err;

	/* A new thread inherits the signal mask of its creator: block all signals meanwhile. */
	syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &all, &before, sizeof(all));
	pthread_attr_init(&how);
	pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&how, STACK);
	err = pthread_create(&thread, &how, run, arg);
	syscall(SYS_rt_sigprocmask, 2, &before, NULL, sizeof(before));
	return -err;
}

#ifdef SYS_futex
enum { NR_FUTEX = SYS_futex };
#else
enum { NR_FUTEX = SYS_futex_time64 };
#endif
enum { WAIT_PRIVATE = 128, WAKE_PRIVATE = 129 };
enum { FREE, HELD, WAITED_FOR };

void thread_lock(int *lock)
{
	int seen = FREE;

	if (__atomic_compare_exchange_n(lock, &seen, HELD, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(lock, WAITED_FOR, __ATOMIC_ACQUIRE) != FREE)
		syscall(NR_FUTEX, lock, WAIT_PRIVATE, WAITED_FOR, NULL);
}

void thread_unlock(int *lock)
{
	if (__atomic_exchange_n(lock, FREE, __ATOMIC_RELEASE) == WAITED_FOR)
		syscall(NR_FUTEX, lock, WAKE_PRIVATE, 1);
}

/* ---- Threads that are created in advance ---- */

/* A stack of idle threads: each element lies on its thread's own stack, and the thread that became
   idle last gets the next work. */
static struct idle {
	struct idle *next;
	uint32_t wakes;
	void *(*run)(void *);
	void *arg;
} *idle;
static int idle_lock;
static uint32_t reserved;	/* how many threads have become idle for the first time */
static bool sealed;		/* thread_start() creates no more threads */

static void wait_while(uint32_t *word, uint32_t is)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == is)
		syscall(NR_FUTEX, word, WAIT_PRIVATE, is, NULL);
}

static void set_and_wake(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	syscall(NR_FUTEX, word, WAKE_PRIVATE, 1);
}

static void become_idle(struct idle *me)
{
	thread_lock(&idle_lock);
	*me = (struct idle) { .next = idle };
	idle = me;
	thread_unlock(&idle_lock);
}

static void *work(void *nothing)
{
	struct idle me;

	become_idle(&me);
	set_and_wake(&reserved, reserved + 1);	/* thread_reserve() starts one at a time */
	for (;;) {
		wait_while(&me.wakes, 0);
		me.run(me.arg);
		become_idle(&me);
	}
	return nothing;
}

static int hand_over(void *(*run)(void *), void *arg)
{
	struct idle *to;

	thread_lock(&idle_lock);
	to = idle;
	if (to)
		idle = to->next;
	thread_unlock(&idle_lock);
	if (!to)
		return -EAGAIN;
	to->run = run;
	to->arg = arg;
	set_and_wake(&to->wakes, 1);
	return 0;
}
int thread_start(void *(*run)(void *), void *arg)
{
	return sealed ? hand_over(run, arg) : create(run, arg);
}

uint32_t thread_reserve(uint32_t count)
{
	uint32_t started = 0;

	for (; started < count && create(work, NULL) == 0; started++)
		wait_while(&reserved, started);
	sealed = true;
	return started;
}

int thread_cpus(void)
{
	uint64_t set[16] = { 0 };	/* 1024 CPUs */
	int count = 0;

	syscall(SYS_sched_getaffinity, 0, sizeof(set), set);
	for (unsigned int i = 0; i < sizeof(set) / sizeof(*set); i++)
		for (; set[i]; set[i] &= set[i] - 1)	/* clears one bit; libgcc's count is larger */
			count++;
	return count ? count : 1;
}

/* The file contains "0-3", or a list of such ranges: the last number is the largest. */
int thread_possible_cpus(void)
{
	char text[64];
	const char *at = text;
	int last = -1;

	if (sys_read_file("/sys/devices/system/cpu/possible", text, sizeof(text)) <= 0)
		return 0;
	for (; *at >= ','; at++) {
		if (*at >= '0' && *at <= '9')
			last = (last < 0 ? 0 : last * 10) + *at - '0';
		else
			last = -1;
	}
	return last + 1;
}

void thread_bind(int cpu)
{
	uint64_t set[16] = { 0 };

	if (cpu >= 0 && cpu < 1024)
		set[cpu / 64] = (uint64_t)1 << cpu % 64;
	syscall(SYS_sched_setaffinity, 0, sizeof(set), set);
}

void thread_own_umask(void)
{
	syscall(SYS_unshare, CLONE_FS);
}
