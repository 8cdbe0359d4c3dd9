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

enum conn_state {
	CONN_SERVING,
	CONN_STARTING,	/* INIT is not answered yet */
	CONN_DEAD,	/* over: nobody has it open any more */
	CONN_ABORTED,	/* by fusectl or MNT_FORCE; the server still has it open */
	CONN_HUNG,	/* requests wait, and nothing happens */
	CONN_UNKNOWN,	/* not over, but its server cannot be seen, and nobody is shown to wait */
};

struct conn {
	uint64_t connection;
	uint64_t identity;	/* conn_identity() when it was added */
	int64_t waiting;	/* requests, or -errno */
	int pid;		/* the first process that serves it; 0: none to be seen */
	int others[3];		/* further ones; of yet more it is not known whether they run */
	bool many;
	bool over;		/* aborted, or without any server */
	/* Of the watching: requests waited all the time, none was answered; and the
	   server has not run for two thirds of it, or longer. */
	bool stuck, quiet;
	uint64_t first;		/* requests that waited when it began */
	uint64_t switches, ran;	/* of its threads; when that changed (nanoseconds) */
};

struct census {
	struct conn *conns;
	size_t count, room;
	struct map index;	/* by connection: its place in conns */
	bool identify;		/* set before adding: note the identities */
	bool hidden;		/* some servers may not be seen */
	int openers[4], opener_count; /* where the kernel does not tell whose connection it is:
				   processes that have /dev/fuse open */
	bool sent;		/* some process waits for an answer, so not all can wait for INIT's */
};

/* Adds a connection, once. 0 or -ENOMEM. */
int census_add(struct census *census, uint64_t connection);
/* Forgets all, and gives the memory back. */
void census_free(struct census *census);
struct conn *census_find(const struct census *census, uint64_t connection);

/* Finds out how many requests wait, in each, and who serves them, by one pass over /proc;
   and watches for so long whether those with waiting requests get on, unless there are
   none. With 0 milliseconds whoever has waiting requests is stuck. */
void census_look(struct census *census, int milliseconds);

/* After that. */
enum conn_state census_state(const struct census *census, const struct conn *conn);
const char *census_state_name(enum conn_state state);	/* "serving" */
/* Whether it may be asked the way to what is below it: it is not shown not to answer. */
bool census_answers(enum conn_state state);

#endif
