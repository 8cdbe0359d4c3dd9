/* server: who answers for a FUSE connection, by /proc alone. */
#ifndef FUSEBOX_SERVER_H
#define FUSEBOX_SERVER_H

#include <stdint.h>

/* The first process found that has a /dev/fuse descriptor of this connection
   open (its pid); 0 when certainly none has; -EAGAIN when that cannot be told: the
   kernel does not say what a descriptor's connection is (before 6.16), some
   process may not be looked at, or others are outside this PID namespace. */
int server_find(uint64_t connection);

#endif
