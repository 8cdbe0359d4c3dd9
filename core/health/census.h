/* census: FUSE connections, who serves them, and whether they get on.
 *
 * Told by fusectl, /proc and the servers' own descriptors, never by the mounts: see
 * holders.h. A connection is served by whoever has a /dev/fuse descriptor of it.
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
	uint64_t identity;	/* conn_identity() when it was added */
	int64_t waiting;	/* requests, or -errno */
	int pid;		/* the first process that serves it; 0: none to be seen */
	int others[3];		/* further ones; of yet more it is not known whether they run */
	bool many;
	bool over;		/* aborted, or without any server */
	bool watched;		/* from `before` to `after`; else these are the same */
	struct health_sample before, after;
};

struct census {
	struct conn *conns;
	size_t count, room;
	struct map index;	/* by connection: its place in conns */
	bool identify;		/* set before adding: note the identities */
	bool hidden;		/* some servers may not be seen */
	bool untold;		/* but only since the kernel does not tell whose connection it is */
	int openers[4], opener_count; /* where the kernel does not tell whose connection it is:
				   processes that have /dev/fuse open */
};

/* Adds a connection, once. 0 or -ENOMEM. */
int census_add(struct census *census, uint64_t connection);
/* Forgets all, and gives the memory back. */
void census_free(struct census *census);
struct conn *census_find(const struct census *census, uint64_t connection);

/* Counts the waiting requests of each, and finds who serves them by one pass over /proc. Then
   samples twice, so many milliseconds apart, those where requests wait or the server is
   stopped. With 0 milliseconds nothing is watched. */
void census_look(struct census *census, int milliseconds);

/* After that. */
enum conn_state census_state(const struct conn *conn);
const char *census_state_name(enum conn_state state);	/* "serving" */
/* Whether the server is shown to keep requests waiting, so that an abort is due. */
bool census_blocks(const struct conn *conn);
/* For how long requests waited of which none was seen to be answered, in milliseconds. */
uint64_t census_waited(const struct conn *conn);
/* Whether a mount below it may be looked up: see health_answers(). */
bool census_answers(const struct conn *conn);

#endif
