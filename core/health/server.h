/* server: finds the processes that serve a FUSE connection, using /proc alone. */
#ifndef FUSEBOX_HEALTH_SERVER_H
#define FUSEBOX_HEALTH_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct server { uint64_t connection; int pid, fd; };

#define SERVER_NOT_TOLD UINT64_MAX	/* as a connection: the kernel (before 6.16) does not say */

/* Calls fn for each descriptor of /dev/fuse that a process has open, until it returns something
   else than 0 (above 0), and returns that. 0 when these are all; -ENODATA when these are all,
   but the kernel does not say of which connection (before 6.16); -EAGAIN when some may be
   hidden: some process may not be looked at or is not listed (proc_hides), or others are
   outside this PID namespace. */
int server_each(int (*fn)(const struct server *server, void *data), void *data);

/* The same for the descriptors of process pid alone. */
void server_of(int pid, int (*fn)(const struct server *server, void *data), void *data);

/* Whether the descriptor is shown to be of a connection that is over: aborted, or of a mount
   that has gone. The number of such a one may be another's by now. */
bool server_is_over(const struct server *server);

/* The first process found that has a /dev/fuse descriptor of this connection, which is not
   over, open (its pid); 0 when certainly none has; -EAGAIN or -ENODATA when that cannot be
   told, as of a connection that is not over although no process has it. */
int server_find(uint64_t connection);

#endif
