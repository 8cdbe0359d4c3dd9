/* SPDX-License-Identifier: MIT */
/* wait_holders: signal the processes that hold a mount, and wait until they release it. A small build may lack it all. */
#ifndef FUSEBOX_FUMOUNT_WAIT_HOLDERS_H
#define FUSEBOX_FUMOUNT_WAIT_HOLDERS_H

#include "fumount.h"
#include "health/report.h"
#include "target/target.h"

/* The number of a signal: "TERM", "SIGTERM" or "15"; "" means TERM. -EINVAL: no such signal. */
int wait_holders_signal_number(const char *name) FUMOUNT_PART;

/* Sends `signal` (0: none) to the processes that hold the target, except process 1, and retries
   the plain unmount for this many seconds. On a terminal, shows a process that it waits for. 0,
   or -errno: -EBUSY when the mount is still held. */
int wait_holders(const struct report *to, const struct target *target, int signal, int seconds) FUMOUNT_PART;

/* Reports what keeps the target busy: mounts on it, processes, and its other mounts,
   since a busy mount of the same propagation group keeps the target busy. */
void wait_holders_report(const struct report *to, const struct target *target) FUMOUNT_PART;

#endif
