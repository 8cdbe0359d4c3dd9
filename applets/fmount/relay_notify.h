/* SPDX-License-Identifier: MIT */
/* relay_notify: writes to the kernel what the kernel may take only after the server has answered
 * something else: a notification that drops cached pages waits for those that are being read. The
 * relay itself must not wait for that, so a child process writes them, in order.
 *
 * A server relies on what it has written being in effect: it must not reply to a WRITE before the kernel has the
 * older data that it stores. So the relay takes no message from the server while the child writes, unless the kernel
 * keeps the child waiting: then the server's reply is what the kernel waits for. From then on a STORE only drops the pages of which it has
 * the data, which does no harm later. */
#ifndef FUSEBOX_FMOUNT_RELAY_NOTIFY_H
#define FUSEBOX_FMOUNT_RELAY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

/* Passes on one notification, of `size` bytes by its own header too; the first one starts the child. Drops it if there
   is no child, or no memory. */
void relay_notify(void *message, size_t size);

/* Whether to take messages from the server. *milliseconds: how long to wait for relay_notify_socket(); -1: for ever.
   STUCK: so many notifications wait that no more can be taken, and have done so for ten seconds. */
enum relay_notify_state { RELAY_LISTEN, RELAY_WAIT, RELAY_STUCK };
enum relay_notify_state relay_notify_state(int *milliseconds);

/* A child of the keeper has ended, and is about to be reaped: from then on its pid can be another process's. */
void relay_notify_ended(int pid);

/* When this descriptor is readable, call relay_notify_go_on(). -1: there is no child. */
int relay_notify_socket(void);
void relay_notify_go_on(void);

/* Between two servers: the relay takes messages whether or not the child still writes, and no server is to blame for what
   another one has sent. Drops a flood: the next server would not be heard for many seconds. */
void relay_notify_pass(void);

/* Kills the child; returns whether it has ended. A child that waits for the kernel is deaf to SIGKILL, and keeps the
   connection alive. The keeper aborts the connection as it ends; if the keeper is killed, a second child does so. */
bool relay_notify_end(void);

/* In another child of the keeper, which may outlive it: so that the second child still sees the keeper end. */
void relay_notify_leave(void);

#endif
