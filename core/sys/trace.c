/* SPDX-License-Identifier: MIT */
/* trace: hold the threads of another process still, and read its descriptors. See trace.h. */
#define _GNU_SOURCE
#include "sys/trace.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "sys.h"

enum { EVENT_STOP = 128 };	/* PTRACE_EVENT_STOP, of which older libcs know nothing */

CALL(int, trace_seize, (int thread), syscall(SYS_ptrace, PTRACE_SEIZE, thread, 0, 0))
CALL(int, trace_interrupt, (int thread), syscall(SYS_ptrace, PTRACE_INTERRUPT, thread, 0, 0))
CALL(int, trace_release, (int thread, int signal), syscall(SYS_ptrace, PTRACE_DETACH, thread, 0, signal))

int trace_is_still(int thread, int *signal)
{
	int status, got = (int)call_result(waitpid(thread, &status, WNOHANG | __WALL));

	if (got <= 0)
		return got;
	if (!WIFSTOPPED(status))
		return -ESRCH;
	*signal = status >> 16 == EVENT_STOP ? 0 : WSTOPSIG(status);
	return 1;
}

int trace_fetch_fd(int pidfd, int fd)
{
	return (int)call_result(syscall(NR_PIDFD_GETFD, pidfd, fd, 0));
}

static void on_alarm(int sig) { (void)sig; }

static void set_timer(int milliseconds)
{
	const struct timeval tv = { milliseconds / 1000, milliseconds % 1000 * 1000L };
	const struct itimerval timer = { tv, tv };

	syscall(SYS_setitimer, ITIMER_REAL, &timer, NULL);
}

/* The timer repeats, since its first signal may come before read(2) waits. */
ssize_t trace_read(int fd, void *buf, size_t size, int milliseconds)
{
	const struct sigaction action = { .sa_handler = on_alarm };	/* without SA_RESTART */
	const uint64_t alarm = 1u << (SIGALRM - 1), end = sys_clock_ns() + (uint64_t)milliseconds * NS_PER_MS;
	ssize_t n;

	if (sys_poll_in(fd, 0) <= 0)
		return -EAGAIN;
	sigaction(SIGALRM, &action, NULL);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &alarm, NULL, sizeof(alarm));
	set_timer(milliseconds);
	do
		n = sys_read(fd, buf, size);
	while (n == -EINTR && sys_clock_ns() < end);
	set_timer(0);
	return n;
}
