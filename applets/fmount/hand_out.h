/* handout: the descriptor of a mount, for a server that is running already. */
#ifndef FUSEBOX_FMOUNT_HAND_OUT_H
#define FUSEBOX_FMOUNT_HAND_OUT_H

#include <sys/types.h>

/* To be called before there is anything to undo: from now on SIGINT, SIGTERM and SIGHUP end
   the waiting of handout_send(), not this process. 0 or -errno. */
int handout_prepare(void);

/* Makes a socket at path ('@': abstract) that is of user uid and of mode 0600, and sends
   `device` to the first process of that user's, or of root's, that connects; those of others
   are turned away, and told of. The working directory becomes the socket's, so that nobody
   can exchange that meanwhile. The socket is removed in any case. 0; a signal's number that
   came; -ETIMEDOUT after so many milliseconds (below 0: never), or -errno. */
int handout_send(const char *path, uid_t uid, int device, int milliseconds);

#endif
