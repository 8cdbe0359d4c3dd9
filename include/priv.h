/* priv: giving up what a set-uid or set-gid file gave. */
#ifndef FUSEBOX_PRIV_H
#define FUSEBOX_PRIV_H

/* Makes effective, saved and real ids those of the caller, drops capabilities
   that the file brought, and checks that none of it can be had back.
   0, or -errno: then the process must not go on. */
int priv_drop(void);

#endif
