/* SPDX-License-Identifier: MIT */
/* wake_queue: read what waits for a server that stands still, and answer it in its place. */
#ifndef FUSEBOX_FUMOUNT_WAKE_QUEUE_H
#define FUSEBOX_FUMOUNT_WAKE_QUEUE_H

#include <stdint.h>

#include "cli/map.h"
#include "fuse_kernel.h"
#include "health/server.h"
#include "wake_ask.h"
#include "wake_request.h"

enum { WAKE_ROOM = 65536, WAKE_SERVERS = 4096 };

/* The findings and the results of one pass. They lie in pages that the parent of the process shares, which
   still has them if that process is killed. */
struct wake_pass {
	int err;		/* 0, or the -errno that ended it */
	int held;		/* what hold_process() returned: 0, or -errno */
	uint32_t ended, done, back;	/* requests by their fate */
	uint32_t gone;		/* requests that ended by themselves: the server answered, or the caller was killed */
	uint32_t forgotten;	/* FORGETs that this process read, and that the server therefore misses */
	uint32_t unasked;	/* NOTIFY_REPLYs that this process read, and that the server therefore misses */
	bool own_space;		/* a request's pid is a number of this process's PID namespace */
	uint64_t took;		/* nanoseconds for which the server stood still */
	uint32_t unreleased;	/* RELEASEs that this process answered: the server keeps those files open */
	int server;		/* the process that was held last, or could not be held */
	struct wake_walked { uint64_t top, low; } walked;	/* the request numbers that were tried; kept from pass to pass */
	int server_count;
	struct server servers[WAKE_SERVERS];	/* one descriptor of each process that serves it; all of them for a walk, or if untold */
	bool serving[WAKE_SERVERS];	/* serving[i]: the pass held the process of servers[i] */
	uint32_t count;
	struct wake_request requests[WAKE_ROOM];
};

struct wake_queue {
	int device;		/* a duplicate of the server's descriptor */
	struct wake_pass *pass;
	struct map index;	/* from `unique` without FUSE_UNIQUE_RESEND to the index in requests */
	char *buf;
	size_t size;
	struct fuse_notify_retrieve_out retrieves[8];	/* the data to ask for again */
	uint32_t retrieve_count;
};

/* Each returns 0 or -errno; -ENOTCONN: the connection is over.
   queue_read() reads all requests that no process has read, and adds them to the pass, up to WAKE_ROOM.
   queue_resend() makes the kernel send all unanswered requests again (Linux 6.10): to queue_read() or,
   after hold_release(), to the server. -EINVAL before Linux 6.9.
   queue_retrieve() asks again for the cached data that the server has asked for and that
   queue_read() has read in its place: call it after the last queue_read().
   queue_answer() answers the requests of the pass from `first` on: those whose fate is WAKE_ENDED with the
   -errno, and those whose fate is WAKE_DONE with success.
   queue_end_own() answers the request of ask_start() and drops it from the pass; false: the pass does
   not have it.
   queue_close() frees the memory. The caller closes the device. */
int queue_open(struct wake_queue *q, int device, struct wake_pass *pass);
int queue_read(struct wake_queue *q, bool unread);
int queue_resend(struct wake_queue *q);
void queue_retrieve(struct wake_queue *q);
void queue_answer(struct wake_queue *q, uint32_t first, int error);
bool queue_end_own(struct wake_queue *q, const struct ask *ask);
void queue_close(struct wake_queue *q);

#endif
