/* conn: FUSE connections by number, through fusectl.
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

/* To be called before this process enters another mount namespace: only the fusectl that can
   be reached now is used from then on. */
void conn_keep(void);

/* Aborts it: every request, waiting or to come, fails. 0, or -errno: -ENOENT
   if there is no such connection, -EACCES or -EPERM if it is not ours. */
int conn_abort(uint64_t connection);

/* What one of its files tells: "waiting" (requests that the server has not answered,
   those included that have not yet been sent), "max_background",
   "congestion_threshold". Or -errno: -ENOENT if there is no such connection. */
int64_t conn_number(uint64_t connection, const char *file);
int64_t conn_waiting(uint64_t connection);

/* Tells a connection from a later one that has its number: these are soon given again.
   0 when there is none, or where fusectl is out of reach. */
uint64_t conn_identity(uint64_t connection);

/* A descriptor of the connection's directory (the caller closes it), by which it is told from a
   later one with its number, and aborted: 0, or -ENOENT if it is over. Or -errno: -EPERM of
   a process that may not mount fusectl. Keeps no mount busy. */
int conn_hold(uint64_t connection);
bool conn_held_is_over(int held);
int conn_abort_held(int held);

/* Aborts it if it still has this identity (not 0). 0 or -errno: -ESTALE or -ENOENT if it is
   over, whoever has its number now. */
int conn_abort_known(uint64_t connection, uint64_t identity);

/* Closes the descriptor of fusectl, which keeps that from being unmounted, until one of these
   functions is called again. */
void conn_release(void);

/* Whether it is over: aborted, or its last descriptor closed. The kernel lifts
   max_background then (fuse_abort_conn), and so it can be told without the server.
   Not told (false) where fusectl is out of reach. */
bool conn_is_over(uint64_t connection);

#endif
