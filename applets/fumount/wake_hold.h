/* SPDX-License-Identifier: MIT */
/* wake_hold: hold the servers of a connection still, for as long as this process lives. */
#ifndef FUSEBOX_FUMOUNT_WAKE_HOLD_H
#define FUSEBOX_FUMOUNT_WAKE_HOLD_H

#include <stddef.h>

struct hold_thread { int tid, signal; };

/* Its threads; hold_release() frees the memory. */
struct hold { struct hold_thread *threads; size_t count, room, still; };

/* Holds every thread of process `pid`, to which `pidfd` refers, and returns once none of them runs. A
   thread that sleeps uninterruptibly cannot read a request, so it counts as still; so do a thread
   that another process traces and has stopped, and the threads that a cgroup has frozen. If another fumount
   holds the process, waits for up to eight seconds.
   0 or -errno: -EPERM: this process may not trace it; -ESRCH: it has ended; -EBUSY: a thread went
   on running. The caller calls hold_release() in any case. */
int hold_process(struct hold *hold, int pid, int pidfd);

/* Lets all threads go on that were held: a stopped process remains stopped. */
void hold_release(struct hold *hold);

#endif
