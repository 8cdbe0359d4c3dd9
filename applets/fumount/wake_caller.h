/* SPDX-License-Identifier: MIT */
/* wake_caller: the threads that wait for an answer, as /proc shows them. It reads only files of /proc that
 * a blocked thread cannot block. */
#ifndef FUSEBOX_FUMOUNT_WAKE_CALLER_H
#define FUSEBOX_FUMOUNT_WAKE_CALLER_H

#include <stdbool.h>

#include "proc/task.h"
#include "wake_request.h"

/* How to read the thread numbers in the requests of one connection. */
struct callers {
	bool own_space;		/* the numbers are of this process's PID namespace */
	struct task_clock clock;
};

/* The kernel numbers threads as in the PID namespace of the process that mounted: that of `server`,
   presumably. */
void callers_begin(struct callers *callers, int server);

/* Fills in for how long the thread of a request has not run, and its command. Moves the calling thread
   to the processor where that thread ran. */
void callers_describe(struct callers *callers, struct wake_request *request);

/* Whether the thread of a request belongs to process `pid`, a number in this PID namespace. */
bool callers_is_of(const struct callers *callers, const struct wake_request *request, int pid);

/* Whether the thread of a request, a number of this PID namespace, waits in FUSE now. */
bool callers_wait(const struct wake_request *request);

/* Whether a thread of any process sleeps uninterruptibly, and not in FUSE: perhaps for the lock of a directory
   or of a page that a woken thread has yet to release, after which it sends a request of its own. */
bool callers_may_come(void);

#endif
