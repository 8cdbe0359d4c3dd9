/* conn: FUSE connections by number, through fusectl.
 *
 * fusectl is one file system for all mount namespaces, so a number must have
 * been verified just before it is used here. It is reached at
 * /sys/fs/fuse/connections, or through a mount of our own that is attached
 * nowhere. Kernel documentation: filesystems/fuse/fuse.rst, "Control filesystem".
 */
#ifndef FUSEBOX_CONN_H
#define FUSEBOX_CONN_H

#include <stdint.h>

/* Aborts it: every request, waiting or to come, fails. 0, or -errno: -ENOENT
   if there is no such connection, -EACCES or -EPERM if it is not ours. */
int conn_abort(uint64_t connection);

/* The number of requests that wait for the server, or -errno. */
int64_t conn_waiting(uint64_t connection);

#endif
