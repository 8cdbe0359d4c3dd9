/* SPDX-License-Identifier: MIT */
/* keep_mode: what --keep=direct and --keep=relay do in different ways. The keeper calls these functions. */
#ifndef FUSEBOX_FMOUNT_KEEP_MODE_H
#define FUSEBOX_FMOUNT_KEEP_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "fmount.h"

/* `relays`, `child_ended` and `no_room` may be NULL. */
struct keep_mode {
	/* Whether the requests of this server pass through the keeper. */
	bool (*relays)(void);
	/* First of all: after this close() can be called. Raises *last to the number of the last server of the keeper
	   before this one, which then has ended. 0 or -errno. */
	int (*take_over)(const struct mountpoint *at, int device, uint32_t *last);
	/* Before the first server. 0 or -errno. */
	int (*prepare)(void);
	/* Before the server's process is forked: makes its descriptors. 0 or -errno. */
	int (*begin)(uint32_t life);
	/* In that process: puts them in place. 0 or -errno. */
	int (*become)(void);
	/* In the keeper, after the fork: closes the descriptors that the server alone needs. server: its pid, or -errno. */
	void (*begun)(int server);
	/* For each child that has ended, before the keeper reaps it. succeeded: with status 0. */
	void (*child_ended)(int pid, bool succeeded);
	/* Waits for the next event. Returns whether a signal can be read from `signals`. *works becomes true once the
	   server serves, and false if it then turns out to be of no use. */
	bool (*wait)(int signals, int server, bool *works);
	/* Why no server can follow one that has ended with this exit status, or NULL. has_children: whether the keeper
	   still has children, once those that were killed have had time to end. */
	const char *(*refuse)(const struct fmount *f, int status, bool (*has_children)(void));
	/* The server has ended; over: and so has the connection. May change the exit status. */
	void (*end)(bool over, int *status);
	/* Before the keeper ends, and with it the connection. */
	void (*close)(void);
	/* In a child of the keeper that runs no server: closes what would keep the connection alive after the keeper, except
	   the device itself. */
	void (*leave)(void);
	/* The message if the keeper's sockets cannot be made large enough (-ENOBUFS). */
	const char *no_room;
};

extern const struct keep_mode keep_direct, keep_relay;

#endif
