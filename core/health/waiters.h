/* SPDX-License-Identifier: MIT */
/* waiters: the processes that wait for a FUSE server, as far as /proc shows that. */
#ifndef FUSEBOX_HEALTH_WAITERS_H
#define FUSEBOX_HEALTH_WAITERS_H

#include <stdint.h>

struct waiter {
	int pid;
	int64_t uid;		/* effective; -1: unknown */
	char command[16];
	char call[16];		/* the system call: "openat"; "": not known */
	int32_t waited;		/* milliseconds that its thread has not run, and so waited at least; -1: not known */
};

/* Calls fn for each process with a thread that waits for the server of device major:minor, for up to
   16 of them, until fn returns non-zero. A thread waits in a FUSE function of the kernel. It is
   known to wait for this device if its system call got a descriptor there, or if requests wait at
   no other connection. Returns as scout_each(). */
int waiters_each(uint32_t major, uint32_t minor, int (*fn)(const struct waiter *waiter, void *data), void *data);

#endif
