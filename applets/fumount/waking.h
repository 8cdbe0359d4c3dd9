/* SPDX-License-Identifier: MIT */
/* waking: the state of one run of fumount --wake, which its files share. */
#ifndef FUSEBOX_FUMOUNT_WAKING_H
#define FUSEBOX_FUMOUNT_WAKING_H

#include "fumount.h"
#include "wake_pass.h"

struct waking {
	const struct fumount *f;
	const struct report *to;
	struct wake_order order;
	struct wake_job job;
	bool selects;		/* not all requests */
	uint64_t progress;	/* sys_clock_ns() when a thread was first woken */
	int empty;		/* passes in a row that ended none */
	int lock_ms;		/* how long to await threads that wait for a lock */
	int error;		/* the worst -errno of collecting servers */
	uint32_t ended, done, forgotten, unasked, unreleased;	/* of all passes */
};

/* Finds the processes that serve the connection, for w->job. 0 or -errno: -EACCES: none is visible to
   this user; -ESRCH: there is none; -E2BIG. */
int waking_find_servers(struct waking *w, const struct conn *conn);

/* Makes passes until no request waits any more. Returns 0, or -errno. A process that tries again whatever
   error it gets would make it run for ever, so it ends `limit_ms` after it last woke a thread that it had
   not woken before, and at `end`, on sys_clock_ns(), in any case. */
int waking_run_passes(struct waking *w, int limit_ms, uint64_t end);

/* Reports. The first two return the exit status: waking_refuse() the one that it is given,
   waking_refuse_holding() that of the -errno with which the servers could not be held.
   waking_report_losses() tells what the servers do not learn. */
int waking_refuse(const struct waking *w, int status, const char *why);
int waking_refuse_holding(const struct waking *w, int err);
void waking_report_request(const struct waking *w, const struct wake_request *r);
void waking_report_losses(const struct waking *w);

#endif
