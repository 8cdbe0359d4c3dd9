/* SPDX-License-Identifier: MIT */
/* trace: hold the threads of another process still with ptrace(2), and read its descriptors. Each
 * function returns 0, or -errno: -EPERM if this process may not trace the other.
 *
 * The kernel lets a traced process go on as soon as its tracer ends, however the tracer ends; a
 * process that SIGSTOP stopped would stay stopped.
 */
#ifndef FUSEBOX_SYS_TRACE_H
#define FUSEBOX_SYS_TRACE_H

#include <stddef.h>
#include <sys/types.h>

/* Traces a thread (PTRACE_SEIZE), which goes on running, and has it stop (PTRACE_INTERRUPT).
   -ESRCH: it has ended; -EPERM: also if another process traces it. */
int trace_seize(int thread);
int trace_interrupt(int thread);

/* Whether a thread that was interrupted stands still by now: 1; 0: not yet; -ESRCH or -ECHILD: it has
   ended. *signal becomes a signal that it was about to receive, or 0. */
int trace_is_still(int thread, int *signal);

/* Lets a thread that stands still go on, with that signal. */
int trace_release(int thread, int signal);

/* Duplicates a descriptor of the process of a pidfd, and returns it, close-on-exec: see
   sys_fetch_fd(). */
int trace_fetch_fd(int pidfd, int fd);

/* Reads from a descriptor of which another process decides whether read(2) waits. Returns -EAGAIN if
   there is nothing to read, and -EINTR if read(2) has waited for so many milliseconds. It takes
   SIGALRM and the real-time interval timer. */
ssize_t trace_read(int fd, void *buf, size_t size, int milliseconds);

#endif
