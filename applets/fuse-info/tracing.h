/* SPDX-License-Identifier: MIT */
/* tracing: the kernel's events of FUSE requests, through a tracefs instance of this process alone. */
#ifndef FUSEBOX_FUSE_INFO_TRACING_H
#define FUSEBOX_FUSE_INFO_TRACING_H

#include <stddef.h>

#include "events.h"

struct tracing {
	int root, instance;		/* directories of a tracefs that is mounted nowhere; 0: not open */
	char name[40];			/* of the instance */
	struct event_layout layout;
	struct trace_pipe { int fd, cpu; } *pipes;
	size_t count, room;
	unsigned char *page;
	struct event *events;		/* read, and not yet given to tracing_read()'s fn */
	size_t kept, events_room;
	bool failed;			/* events were dropped for want of memory */
	bool saved;			/* saved_cmdlines has been read since the last tracing_read() */
};

/* Has the kernel record the requests of a connection, or of all (0), in a new instance of tracefs.
   Removes the instances that killed processes left. Prints the error and returns -errno: needs
   Linux 6.12, root in the first user namespace, and no lockdown for confidentiality. */
int tracing_start(struct tracing *tracing, uint64_t connection);

/* Calls fn for each event since the last call, in the order of time. Does not wait. */
void tracing_read(struct tracing *tracing, void (*fn)(const struct event *event, void *data), void *data);

/* How many events the kernel has dropped since tracing_start(), because its buffer was full. */
uint64_t tracing_lost(const struct tracing *tracing);

/* The command's name of a thread that an event named; "?" if it is not known. The kernel keeps the
   names of threads that have ended for a while. */
void tracing_command(struct tracing *tracing, int pid, char command[16]);
/* Whether the thread belongs to the process. False if the thread has ended. */
bool tracing_is_thread(int thread, int process);

/* Ends the recording and removes the instance. Async-signal-safe. */
void tracing_stop(struct tracing *tracing);

#endif
