/* SPDX-License-Identifier: MIT */
/* keep_fdstore: the descriptors of fmount --keep that a service manager stores (FDSTORE=1 of sd_notify(3)). They keep
 * the connection alive when the keeper is killed, and the next keeper of the service goes on with them. */
#ifndef FUSEBOX_FMOUNT_KEEP_FDSTORE_H
#define FUSEBOX_FMOUNT_KEEP_FDSTORE_H

#include <stdint.h>

/* The size of the memory file: the kernel allocates only those pages that a process touches, so the servers' part can be
   as large as their address space allows. */
#define KEEP_MEMORY_SIZE ((uint64_t)1 << (sizeof(void *) > 4 ? 40 : 30))

/* Has the manager store these, or close them: /dev/fuse of the connection with the memory file, and the clones of
   fmount --clones; the process of a server, by its number from 1 on; the socket to the process that stores that
   server's descriptors. */
void keep_fdstore_save_mount(uint32_t connection, int device, int memory);
void keep_fdstore_drop_mount(uint32_t connection, uint32_t server);
void keep_fdstore_save_server(uint32_t number, int pid);
void keep_fdstore_drop_server(uint32_t number);
void keep_fdstore_save_store(uint32_t number, int socket);
void keep_fdstore_drop_store(uint32_t number);

/* The rest is about what the keeper before this one has left, once fmount_keep_stored() has found it. */

/* Kills the server, and waits until it has ended: it must not write to the memory of the next one. Closes the clones,
   after the kernel was told to deliver again what was read from them. Raises *last to the number of the server. 0;
   -ETIMEDOUT: it does not end, as its user can bring about. */
int keep_fdstore_end_server(int device, uint32_t *last);

/* The memory file, or -1. */
int keep_fdstore_memory(void);

/* The socket of this number, which is then the caller's, or -1. Closes all others. */
int keep_fdstore_take_store(uint32_t number);

#endif
