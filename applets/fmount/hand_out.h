/* SPDX-License-Identifier: MIT */
/* hand_out: send the descriptor of a mount to a server that is already running. */
#ifndef FUSEBOX_FMOUNT_HAND_OUT_H
#define FUSEBOX_FMOUNT_HAND_OUT_H

#include <sys/types.h>

/* Makes SIGINT, SIGTERM and SIGHUP end the wait in hand_out_send() instead of this process. Call it
   before mounting, so that a signal leaves no mount behind. 0 or -errno. */
int hand_out_prepare(void);

/* Makes a socket at path ('@': abstract) of owner uid and mode 0600, and sends `device` to the first
   process of uid, root or the caller that connects. Rejects and reports connections of other
   users. Changes to the socket's directory, so that nobody can replace the directory meanwhile,
   and removes the socket in any case. The caller keeps `device`. Returns 0; the number of a
   signal that came; -ETIMEDOUT after this many milliseconds (below 0: never); or -errno. */
int hand_out_send(const char *path, uid_t uid, int device, int milliseconds);

#endif
