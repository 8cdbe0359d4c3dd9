/* SPDX-License-Identifier: MIT */
/* wake: end the requests that wait for a server that does not answer; the mount, its open files and
 * the server stay. In files of its own, which a small build leaves out.
 */
#ifndef FUSEBOX_FUMOUNT_WAKE_H
#define FUSEBOX_FUMOUNT_WAKE_H

#include "fumount.h"

/* --wake, for the connections that `word` means, or for all that are mounted (NULL). Reports each step and returns an exit status. */
int fumount_wake(const struct fumount *f, const struct report *to, const char *word) FUMOUNT_PART;

/* Ends all requests of a connection whose server is known not to answer, within half a second and
   without a report. Returns how many, or -errno if it cannot. */
long fumount_wake_waiters(const struct conn *conn) FUMOUNT_PART;

/* Returns a message about options of --wake that contradict each other or are invalid, or NULL. */
const char *fumount_wake_contradiction(const struct fumount *f) FUMOUNT_PART;

#endif
