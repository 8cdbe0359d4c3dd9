/* SPDX-License-Identifier: MIT */
/* unmounter: the process that unmounts a server's mount. The server cannot do so itself:
 * umount2(2) may wait for the server's own replies, and the server has dropped the capabilities
 * that unmounting needs. */
#ifndef FUSEBOX_SERVE_UNMOUNTER_H
#define FUSEBOX_SERVE_UNMOUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/mount.h"

struct unmounter {
	struct mountpoint *at;	/* the only mount that the unmounter unmounts */
	bool later;			/* it is not attached yet: at->mounted has only its connection */
	const char *shown;		/* the mountpoint as the user gave it */
	bool adopted;			/* another process mounted, perhaps with more privileges */
	bool detach_at_end;		/* -o auto_unmount: detach the mount once the server has ended */
	int pipe;			/* the server writes requests to it; -1: no unmounter */
	int pid;			/* the unmounter's; set by unmounter_start() */

	/* unmounter_start() sets these; only the unmounter uses them. */
	int server, process;		/* the server's pid and pidfd (-1: before Linux 5.3) */
	int child;			/* pid of the unmounting child; 0 or less: none */
	int held;			/* from fusectl_hold(); below 0: not permitted */
	uint64_t identity;		/* from fusectl_identity() if held < 0; 0: unknown */
};

/* The server's requests, one byte each. The unmounter ignores a request that repeats an earlier one.
   Once the connection is over, the unmounter leaves mounts and connections alone. */
enum { UNMOUNTER_REQUESTS = 4 };
enum unmounter_ask {
	UNMOUNTER_BACKGROUND = 'b',	/* leave the terminal */
	UNMOUNTER_UNMOUNT = 'u',	/* unmount; detach a busy mount and report its holders */
	UNMOUNTER_DETACH = 'd',
	UNMOUNTER_ABORT = 'a',	/* detach the mount and abort the connection */
};

/* Finds a mount of the connection in the mount table: sets at->path and at->mounted. 0; -ENOENT: there is none;
   -ESTALE: another mount covers it. */
int unmounter_find_mount(struct mountpoint *at, uint64_t connection);

/* Forks the unmounter. It keeps open only the standard streams, the pipe, the server's pidfd and
   the held connection, and exits when the server does. If it cannot unmount or abort, it sends
   the server SIGUSR1, on which the server exits. Returns 0 or -errno. */
int unmounter_start(struct unmounter *unmounter);

/* Writes one request without waiting for its result. Returns 0 or more, or -errno; -EPIPE: the
   unmounter has exited. */
int unmounter_ask(const struct unmounter *unmounter, enum unmounter_ask what);

/* Closes the pipe and waits until the unmounter has served its requests and exited. */
void unmounter_end(const struct unmounter *unmounter);

#endif
