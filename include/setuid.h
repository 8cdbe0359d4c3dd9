/* SPDX-License-Identifier: MIT */
/* setuid: whether a file is compiled for the set-uid helper (core/single.c), which leaves out what the box alone needs. */
#ifndef FUSEBOX_SETUID_H
#define FUSEBOX_SETUID_H

#include <stdbool.h>

#ifdef FUSEBOX_SETUID
enum { FOR_HELPER = true };
#else
enum { FOR_HELPER = false };
#endif

#endif
