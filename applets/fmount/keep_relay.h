/* SPDX-License-Identifier: MIT */
/* keep_relay: what the keeper does otherwise with --keep=relay. */
#ifndef FUSEBOX_FMOUNT_KEEP_RELAY_H
#define FUSEBOX_FMOUNT_KEEP_RELAY_H

#include <stdbool.h>

#include "mount/mount.h"

/* Before the first server; reports what cannot be kept. 0 or -errno. */
int keep_relay_prepare(const struct mountpoint *at, int device);

/* In the child that becomes the server: `place`, of relay_start_life(), gets the number of the device. 0 or
   -errno. */
int keep_relay_become(int place, int device);

/* Waits for the next event, and ends a server that cannot be used. Returns whether a signal can be read
   from `signals`; *works: the server serves from now on. */
bool keep_relay_wait(int signals, int server, bool *works);

/* Whether the server's exit status means nothing: the keeper has told it that the connection is over. */
bool keep_relay_is_over(void);

/* Whether a server that exited has left processes behind: they have the device, and would read what is
   for the next server. */
bool keep_relay_is_in_background(void);

#endif
