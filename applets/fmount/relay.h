/* SPDX-License-Identifier: MIT */
/* relay: fmount --keep=relay, for servers that do not know that they are kept.
 *
 * The first server reads the kernel's own descriptor: the relay has only read INIT, and had the kernel
 * deliver it again. Each later one talks to a socket, gets the same INIT from the relay, and then what the
 * relay reads from the device, with numbers of its own (relay_message.h). What the kernel has of an earlier
 * server's nodes and handles is ESTALE, upon which the kernel looks up a path anew.
 *
 * One process has one relay. All functions are for the keeper. Whoever has the other end of the socket may be
 * hostile. */
#ifndef FUSEBOX_FMOUNT_RELAY_H
#define FUSEBOX_FMOUNT_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct sys_stat;

/* Reads INIT of a connection that no process has read from. `device` stays the caller's. Reports
   what the kernel does not allow. mounted: the mount's device number. 0 or -errno; -ENOBUFS: this process may not make
   its sockets large enough. */
int relay_prepare(int device, const struct sys_stat *mounted);

/* The descriptor that the next server shall have under the device's number, which can be the
   device itself; the relay closes it. -errno. */
int relay_start_life(void);

/* Works until a signal can be read from `signals`; until the server serves, of which
   it tells once; or until the connection is over. Then, called again, it closes the server's socket after 2 seconds, and
   returns RELAY_OVER once more 30 seconds later if the server still runs. RELAY_FAILS: the server cannot be used;
   relay_failure() says why. */
enum relay_event { RELAY_GOES_ON, RELAY_SIGNAL, RELAY_SERVES, RELAY_OVER, RELAY_FAILS };
enum relay_event relay_run(int signals);
const char *relay_failure(void);

/* The server has ended. Answers what no server may carry out a second time. */
void relay_end_life(void);

/* Aborts the connection, if it is not over yet: a child of the relay can keep it alive (relay_notify.h). Does nothing
   before relay_prepare(). */
void relay_abort(void);

/* Whether requests pass through the relay; if not, this server has the device itself. */
bool relay_is_used(void);

#endif
