/* SPDX-License-Identifier: MIT */
/* health: whether a FUSE server answers, judged by two samples of its connection.
 *
 * Makes no system call. A sample holds nothing of other connections, so that what happens
 * there cannot change a verdict.
 */
#ifndef FUSEBOX_HEALTH_HEALTH_H
#define FUSEBOX_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

enum conn_state {
	CONN_SERVING,
	CONN_STARTING,	/* the server has not answered INIT */
	CONN_STOPPED,	/* every thread of the server is stopped or frozen */
	CONN_HUNG,	/* requests wait, and the server does not run */
	CONN_DEAD,	/* over, and no process is seen that has it open */
	CONN_ABORTED,	/* over, and the server still has it open */
	CONN_UNKNOWN,
	CONN_RESTARTING,/* no server is seen, but a keeper that starts the next one (fmount --keep) */
};

struct health_sample {
	uint64_t time;		/* of the sample, nanoseconds of any clock */
	int64_t waiting;	/* requests, or -errno */
	int servers;		/* processes that were sampled; 0: none is visible */
	bool over;		/* aborted, or the last descriptor is closed */
	bool candidates;	/* the kernel tells no connections: one of these processes serves it */
	bool kept;		/* a keeper has it open */
	bool more;		/* further processes serve it, and were not sampled */
	bool stopped;		/* every thread of every server */
	uint64_t activity;	/* proc_activity() of all of them */
	int64_t written;	/* bytes that they wrote in their lives; -1: not told */
	bool answered;		/* second sample: the waiting count fell since the first */
	uint64_t ran;		/* second sample: when activity was last seen to change */
};

enum conn_state health_judge(const struct health_sample *before, const struct health_sample *after);

/* Whether requests waited from one sample to the next, and the count never fell. */
bool health_waited(const struct health_sample *before, const struct health_sample *after);

/* Whether a path that crosses the mount may be looked up: nothing shows that the server does not
   answer. An invisible one is trusted while no request waits, a visible one while it runs. */
bool health_answers(const struct health_sample *before, const struct health_sample *after);

/* Whether both samples show that requests wait and that no thread of the server has run between: the server would not
   have answered them, so an abort loses nothing. */
bool health_blocks(const struct health_sample *before, const struct health_sample *after);

#endif
