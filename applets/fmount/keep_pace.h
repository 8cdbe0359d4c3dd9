/* SPDX-License-Identifier: MIT */
/* keep_pace: when fmount --keep starts the next server, and when it gives up. */
#ifndef FUSEBOX_FMOUNT_KEEP_PACE_H
#define FUSEBOX_FMOUNT_KEEP_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { KEEP_PACE_MOST_TRIES = 4096 };

/* Counts the end of a server. Whether the last `tries` ends, at most KEEP_PACE_MOST_TRIES, were within a minute;
   false if tries is 0. */
bool keep_pace_ends_too_often(uint32_t tries);

/* The milliseconds to wait before the next server: 0 after one that worked, then 50, twice as many each time, and
   5000 at most. */
int keep_pace_next(bool worked);

#endif
