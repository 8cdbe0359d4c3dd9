/* SPDX-License-Identifier: MIT */
/* keep_pace: how soon the keeper starts the next server, and when it gives up. */
#ifndef FUSEBOX_FMOUNT_KEEP_PACE_H
#define FUSEBOX_FMOUNT_KEEP_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { KEEP_PACE_MOST_TRIES = 4096 };

/* A server has ended at `now`, in ms. Returns whether the last `tries` deaths, this one included, were within a minute;
   0: never. At most KEEP_PACE_MOST_TRIES, and always the same. */
bool keep_pace_dies_too_often(uint32_t tries, uint64_t now);

/* Waits until the next server may start. worked: the last one served. Returns earlier if a signal can be read
   from `signals`, or the connection of `device` ends. */
void keep_pace_wait(int device, int signals, bool worked);

#endif
