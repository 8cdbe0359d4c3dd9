/* SPDX-License-Identifier: MIT */
/* wake_pass: hold the servers of a connection still once, and end the requests that wait for them. */
#ifndef FUSEBOX_FUMOUNT_WAKE_PASS_H
#define FUSEBOX_FUMOUNT_WAKE_PASS_H

#include "health/census.h"
#include "health/server.h"
#include "wake_caller.h"
#include "wake_queue.h"

enum { WAKE_OLDER_ALL = -1 };

/* Which requests to end, and how. */
struct wake_order {
	int error;		/* -errno */
	bool peek;		/* end none */
	bool walk;		/* the kernel cannot send requests again: end all that are in flight, by their numbers */
	bool describe;		/* find out who waits, and since when */
	int older;		/* milliseconds; WAKE_OLDER_ALL */
	int pid;		/* of the process that waits; 0: any */
	uint64_t node;		/* 0: any */
};

struct wake_job {
	const struct wake_order *order;
	const struct conn *conn;
	uint64_t connection;	/* its number */
	bool untold;		/* the servers are only candidates: fdinfo does not show whose device they have */
	bool complete;		/* no process with /dev/fuse open is hidden */
	struct map woken;	/* threads that earlier passes woke: their further requests end, too */
	struct wake_pass *pass;	/* pages of wake_pass_new() */
};

/* Pages that a child shares; NULL if there is no memory. The caller frees them with
   sys_free_pages(). */
struct wake_pass *wake_pass_new(void);

/* Makes the pass in a child process, which ends within some seconds: a server may have replaced its
   descriptor by a file whose close(2) blocks. job->pass tells what was done. */
void wake_pass_run(struct wake_job *job);

#endif
