/* SPDX-License-Identifier: MIT */
/* keep_stores: the sockets of fmount --keep to the processes that store its servers' descriptors. Whoever has the
 * other end may be hostile. */
#ifndef FUSEBOX_FMOUNT_KEEP_STORES_H
#define FUSEBOX_FMOUNT_KEEP_STORES_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/child.h"

struct keep_stores {
	int place[2];		/* sockets without peers that reserve the two numbers of each server's sockets */
	struct child_held hold, before;	/* to the stores of this server and of an earlier one, whose store the next
					   server asks */
	uint32_t life, before_life;	/* the numbers of these servers, by which a service manager stores the sockets */
};

#define KEEP_STORES_NONE (struct keep_stores) { .hold = { -1, -1 }, .before = { -1, -1 } }

/* Reserves the numbers. `held`: whose store the next server asks, if the keeper before this one has left it. 0 or
   -errno. */
int keep_stores_prepare(struct keep_stores *stores, uint32_t held);

/* Makes the socket of the next server, which has this number. *its is the server's end, which the caller closes. 0 or -errno. */
int keep_stores_begin(struct keep_stores *stores, uint32_t life, int *its);

/* In the server: gives the two sockets the reserved numbers, and lets exec(2) keep them. */
void keep_stores_give(const struct keep_stores *stores, int its);

/* Reads the byte that a server sends once it serves. False: the server has ended, or sent something else. */
bool keep_stores_serves(struct keep_stores *stores);

/* The server has ended; `filled`: its store has descriptors, so that the next server asks it instead of the
   earlier one. */
void keep_stores_ended(struct keep_stores *stores, bool filled);

/* The server does not need the store of the earlier one any more. */
void keep_stores_drop_before(struct keep_stores *stores);

void keep_stores_close(struct keep_stores *stores);

#endif
