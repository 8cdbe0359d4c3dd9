/* SPDX-License-Identifier: MIT */
/* census: FUSE connections, their servers, and the state of each.
 *
 * It reads fusectl, /proc and the servers' descriptors, and never accesses a mount: see
 * holders.h. A process that has a /dev/fuse descriptor of a connection is its server.
 */
#ifndef FUSEBOX_HEALTH_CENSUS_H
#define FUSEBOX_HEALTH_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/map.h"
#include "health/health.h"

struct conn {
	uint64_t connection;
	uint64_t identity;	/* fusectl_identity() when it was added */
	bool unidentified;	/* fusectl was not accessible then, so the number alone tells */
	int64_t waiting;	/* waiting requests, or -errno */
	int pid;		/* the first server process; 0: none is visible */
	int others[3];		/* further server processes */
	int keeper;		/* of fmount --keep; 0: none */
	bool relays;		/* the keeper is the server, too: it passes on all requests (--keep=relay) */
	uint32_t restarts;	/* how often it has started a server again */
	bool many;		/* there are more, which are not sampled */
	bool over;		/* aborted, or without any server */
	bool watched;		/* sampled twice; otherwise `after` equals `before` */
	struct health_sample before, after;
};

struct census {
	struct conn *conns;
	size_t count, room;
	struct map index;	/* maps a connection to its index in conns */
	bool identify;		/* record identities; set it before census_add() */
	bool hidden;		/* some servers may not be visible */
	bool untold;		/* `hidden` for one reason alone: fdinfo does not show the connection */
	void (*progress)(int milliseconds);	/* census_look() calls it while it watches; may be NULL */
	int openers[4], opener_count; /* processes with /dev/fuse open whose fdinfo does not show
				   the connection */
};

/* Adds a connection unless it is there already. Returns 0 or -ENOMEM. */
int census_add(struct census *census, uint64_t connection);
/* Empties the census, except for `identify`, and frees its memory. */
void census_free(struct census *census);
/* Returns NULL if the connection was not added. census_add() invalidates the pointer. */
struct conn *census_find(const struct census *census, uint64_t connection);

/* Whether the number is still that of the connection that was added, with `identify`: the kernel reuses numbers.
   Where fusectl is not accessible, now or then, any connection with the number counts as the same. */
bool census_is_same(const struct conn *conn);

/* Counts the waiting requests of each connection, and finds all servers in one pass over /proc.
   Then watches, for up to `milliseconds`, the connections that have waiting requests or a
   stopped server. With 0 milliseconds it watches none. */
void census_look(struct census *census, int milliseconds);

/* The results of census_look(). */
enum conn_state census_state(const struct conn *conn);
const char *census_state_name(enum conn_state state);	/* "serving" */
/* Whether requests provably wait because of the server, which justifies an abort. */
bool census_blocks(const struct conn *conn);
/* For how many milliseconds requests waited while the server answered none; 0: it answered, or
   none waited. */
uint64_t census_waited(const struct conn *conn);
/* Whether the server answers, so that a path lookup through its mount does not hang: see
   health_answers(). */
bool census_answers(const struct conn *conn);

#endif
