/* SPDX-License-Identifier: MIT */
/* scout: looks at processes in /proc from a child, because what /proc shows of a process can block
 * for as long as that process wants: its links and maps while it executes a program and closes a
 * file on its own FUSE mount, and, deaf even to SIGKILL, the fdinfo of its epoll descriptors.
 *
 * A child that does not report within a time limit is killed and left behind, and the next child
 * continues with the next process.
 */
#ifndef FUSEBOX_PROC_SCOUT_H
#define FUSEBOX_PROC_SCOUT_H

#include <stddef.h>

struct scout {
	int pid;		/* look at this process alone; 0: at every process */
	size_t size;		/* of a record */
	void (*look)(struct scout *scout, const char *pid);	/* runs in the child */
	int (*fn)(struct scout *scout, const void *record);	/* runs in the caller */
	void *data;
	int socket;		/* private */
};

enum { SCOUT_RECORD = 512 };	/* the greatest size */

/* Calls look() in a child for each process, and fn() with each record that look() reports, until fn()
   returns non-zero. Returns fn()'s last result; -EAGAIN if a process blocked the child, or look()
   reported one as hidden; or another -errno if /proc cannot be read. */
int scout_each(struct scout *scout);

/* For look(): report a record; report that the process cannot be inspected; or extend the time limit
   while reading what may be long. */
void scout_report(struct scout *scout, const void *record);
void scout_hidden(struct scout *scout);
void scout_extend(struct scout *scout);

#endif
