/* SPDX-License-Identifier: MIT */
/* fusectl: FUSE connections by number, through fusectl.
 *
 * fusectl is one file system for all mount namespaces, so a number must have
 * been verified just before it is used here. It is reached at
 * /sys/fs/fuse/connections, or through a mount of our own that is attached
 * nowhere; one descriptor of it is kept. Kernel documentation: filesystems/fuse/fuse.rst, "Control filesystem".
 */
#ifndef FUSEBOX_HEALTH_FUSECTL_H
#define FUSEBOX_HEALTH_FUSECTL_H

#include <stdbool.h>
#include <stdint.h>

/* Call it before this process enters another mount namespace: these functions then keep using the
   fusectl that is accessible now. */
void fusectl_keep(void);

/* Aborts the connection: all waiting and future requests fail. Returns 0 or -errno: -ENOENT if there
   is no such connection, -EACCES or -EPERM if it belongs to another user. */
int fusectl_abort(uint64_t connection);

/* The number in one of the connection's files: "waiting" (requests that the server has not answered
   or not yet read), "max_background", "congestion_threshold". Or -errno: -ENOENT if there is no
   such connection. */
int64_t fusectl_number(uint64_t connection, const char *file);
int64_t fusectl_waiting(uint64_t connection);

/* Calls fn for the number of each connection, of all users and mount namespaces, until fn returns
   non-zero; returns that, 0, or -errno if fusectl is not accessible. */
int fusectl_each(int (*fn)(uint64_t connection, void *data), void *data);

/* Distinguishes a connection from a later one with the same number, since the kernel soon reuses
   numbers. 0: no such connection, or fusectl is not accessible. */
uint64_t fusectl_identity(uint64_t connection);

/* The same; returns 0 or -errno: -ENOENT if there is no such connection. */
int fusectl_identify(uint64_t connection, uint64_t *identity);

/* Returns a descriptor of the connection's directory, which the caller closes, or -errno: -EPERM if
   this process may not mount fusectl. It keeps no mount busy, and never refers to a later
   connection with the same number. fusectl_abort_held() returns 0, or -ENOENT if the connection is
   over. */
int fusectl_hold(uint64_t connection);
int fusectl_hold_mounted(uint64_t connection);	/* of the fusectl that is mounted, which it keeps busy */
bool fusectl_held_is_over(int held);
int fusectl_abort_held(int held);

/* Aborts the connection if it still has this identity, which is not 0. Returns 0 or -errno: -ESTALE or
   -ENOENT if it is over, even if a later connection has its number. */
int fusectl_abort_known(uint64_t connection, uint64_t identity);

/* Closes the kept descriptor of fusectl, which blocks unmounting fusectl. The next call of one of
   these functions opens it again. */
void fusectl_release(void);

/* Whether the connection is over: aborted, or its last descriptor closed. The kernel then raises
   max_background (fuse_abort_conn), so this needs no request to the server. False if fusectl is
   not accessible. */
bool fusectl_is_over(uint64_t connection);

#endif
