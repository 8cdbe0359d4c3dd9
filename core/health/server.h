/* SPDX-License-Identifier: MIT */
/* server: finds the processes that serve a FUSE connection, using /proc alone. */
#ifndef FUSEBOX_HEALTH_SERVER_H
#define FUSEBOX_HEALTH_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct server { uint64_t connection; int pid, fd; };

/* The command names of processes that have a server's device open only to look after it: what holds its
   descriptors (fuse_resume.h), a pass of fumount --wake, the child of server_is_over(), those of fmount
   --keep=relay that write notifications and that abort the connection after the keeper, and that of fmount --keep
   that unmounts. */
#define SERVER_STORE "fuse-store"
#define SERVER_WAKER "fuse-wake"
#define SERVER_ASKER "fuse-ask"
#define SERVER_NOTIFIER "fuse-notify"
#define SERVER_GUARD "fuse-guard"
#define SERVER_UNMOUNTER "fuse-unmount"

#define SERVER_NOT_TOLD UINT64_MAX	/* unknown: fdinfo shows it since Linux 6.16 */

/* Calls fn for each open /dev/fuse descriptor of any process, until fn returns a number above 0,
   and returns that. Returns 0 if these were all; -ENODATA if they were, but fdinfo does not show
   their connections (before Linux 6.16); -EAGAIN if some may be hidden: this user may not
   inspect a process, /proc does not list it (proc_hides), or it is outside this PID namespace. */
int server_each(int (*fn)(const struct server *server, void *data), void *data);

/* As server_each(), for the descriptors of process pid alone. */
void server_of(int pid, int (*fn)(const struct server *server, void *data), void *data);

/* Whether the descriptor's connection is provably over: aborted, or its last mount is gone. The
   kernel may have reused its number. */
bool server_is_over(const struct server *server);

/* Whether this process's descriptor fd is a /dev/fuse of the connection, or may be, since fdinfo does not tell: returns
   the events of poll(2), POLLERR if the connection is over; -ESTALE if it is not. */
int server_poll(int fd, uint64_t connection);

/* Returns the pid of the first process with an open /dev/fuse descriptor of this connection that
   is not over; 0 if certainly no process has one; -EAGAIN or -ENODATA if that is unknown, for
   example if the connection is not over but no visible process has it. */
int server_find(uint64_t connection);

#endif
