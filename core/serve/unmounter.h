/* keeper: the process beside a server that unmounts what it serves. A server cannot do it
 * itself: it would wait for its own answers; and it has given up the rights for it. */
#ifndef FUSEBOX_SERVE_UNMOUNTER_H
#define FUSEBOX_SERVE_UNMOUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/mount.h"

struct keeper {
	const struct mountpoint *at;	/* what it unmounts, and only that */
	const char *shown;		/* the mountpoint as the user gave it */
	bool adopted;			/* mounted by somebody else, who may have more rights */
	int pipe;			/* of the server: where it asks; -1: no keeper */
	int pid;			/* the keeper's; set by keeper_start */

	/* The keeper's own, from keeper_start() on. */
	int server, process;		/* its pid and pidfd (-1: before Linux 5.3) */
	int child;			/* that unmounts; not above 0: none */
	int held;			/* conn_hold(); below 0: this process may not */
	uint64_t identity;		/* then, conn_identity(); 0: not told */
};

/* What the server may ask for, a byte each, and each once: the keeper ignores it again. Once
   the connection is over it does nothing more to mounts and connections. */
enum { KEEPER_REQUESTS = 4 };
enum keeper_ask {
	KEEPER_BACKGROUND = 'b',	/* leave the terminal */
	KEEPER_UNMOUNT = 'u',	/* what is busy is detached, and its holders are told */
	KEEPER_DETACH = 'd',
	KEEPER_ABORT = 'a',	/* detach, and end the connection */
};

/* Starts it, with no descriptors but standard ones, the pipe and the server's pidfd; it ends
   when the server does. A server that it cannot help otherwise is sent SIGUSR1: to end.
   0, or -errno. */
int keeper_start(struct keeper *keeper);

/* -EPIPE: it is gone. */
int keeper_ask(const struct keeper *keeper, enum keeper_ask what);

/* Waits until it has done what it was asked for, and has ended. */
void keeper_end(const struct keeper *keeper);

/* Standard input, output and errors are let go of. */
void leave_terminal(void);

#endif
