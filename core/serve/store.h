/* SPDX-License-Identifier: MIT */
/* store: a process that shares the server's descriptor table, so that the descriptors stay open when
 * the server is killed, and hands them to the next server (fmount --keep). */
#ifndef FUSEBOX_SERVE_STORE_H
#define FUSEBOX_SERVE_STORE_H

#include <stdbool.h>

/* Forks the store of this process, which must have one thread. The store listens at `socket`. It ends
   at store_end(), or when the keeper ends; then it kills the server first, so that the connection
   ends. 0 or -errno. */
int store_start(int socket);

/* Fetches the descriptors with these numbers, at most SYS_FDS_EACH of them in ascending order, by the
   socket to the store of a former server. `tag`, not negative, differs from that of each other
   process that asks the store. ok[i]: the number is open in this process now, close-on-exec. A
   number that was in use is not fetched. */
void store_fetch(int socket, int tag, const int *wanted, int count, bool *ok);

/* Ends the store at the other end of the socket. */
void store_end(int socket);

#endif
