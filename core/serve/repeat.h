/* SPDX-License-Identifier: MIT */
/* repeat: tells a second signal from an echo of the first. */
#ifndef FUSEBOX_SERVE_REPEAT_H
#define FUSEBOX_SERVE_REPEAT_H

#include <stdbool.h>

/* Call it for each signal that asks the process to end; safe in a signal handler. True: the first came less than
   200 ms ago, so that this one does not mean "abort". timeout(1), for example, signals its child and then the
   process group that the child is in. */
bool repeat_is_echo(void);

#endif
