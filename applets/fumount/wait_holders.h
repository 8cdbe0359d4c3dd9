/* persuade: those who hold a mount, to let go of it. */
#ifndef FUSEBOX_FUMOUNT_WAIT_HOLDERS_H
#define FUSEBOX_FUMOUNT_WAIT_HOLDERS_H

#include "health/report.h"
#include "target/target.h"

/* "TERM", "SIGTERM", "15"; "": TERM. -EINVAL: no such signal. */
int persuade_signal(const char *name);

/* Signals those who hold it (0: nobody; never process 1), and tries to unmount it again
   and again for so many seconds, telling on a terminal whom it waits for. 0, or -errno:
   -EBUSY when they hold it still. */
int persuade(const struct report *to, const struct target *target, int signal, int seconds);

/* Reports who and what keeps it busy: what is mounted on it, processes, and, as a copy
   that is busy keeps the others, its mounts elsewhere. */
void persuade_tell(const struct report *to, const struct target *target);

#endif
