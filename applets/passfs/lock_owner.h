/* SPDX-License-Identifier: MIT */
/* lock_owner: the owners of POSIX and OFD locks, and the open file description that each has in
 * SOURCE.
 *
 * The kernel identifies the owner of a POSIX lock by a number. For each owner and file the server
 * opens an open file description of its own, on which it takes the owner's locks as OFD locks
 * (F_OFD_SETLK, fcntl(2)). An OFD lock of a caller arrives in the same form, with the open file as
 * its owner: the kernel sends no FLUSH for that owner, only the RELEASE of its handle.
 *
 *   unknown  -- lock_owner_get() ------------------> busy, with a descriptor
 *   idle     -- lock_owner_get() ------------------> busy
 *   busy     -- the last lock_owner_put() ---------> idle
 *   idle     -- lock_owner_close() or _release() --> unknown: the descriptor is closed, which drops
 *                                                    the locks
 *   busy     -- lock_owner_close() ----------------> busy and closed: the locks so far are dropped, a
 *                                                    waiter may still get one
 *   closed   -- lock_owner_get() ------------------> busy: the owner has another descriptor of the file
 *   busy     -- lock_owner_release() --------------> busy, of no handle until it gets a lock by one
 *
 * Each function may be called by several threads at once.
 */
#ifndef FUSEBOX_PASSFS_LOCK_OWNER_H
#define FUSEBOX_PASSFS_LOCK_OWNER_H

#include "passfs.h"

/* Returns the descriptor for the locks of in's owner in the node, which the owner keeps open until
   lock_owner_put() for the same request, or -errno; -ENOLCK: the caller has too many owners. */
int lock_owner_get(const struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in);

/* Ends what lock_owner_get() began; err: what the request got, 0 if it was granted. */
void lock_owner_put(uint64_t node, const struct fuse_lk_in *in, int err);

/* The pid of another owner in the file, as the kernel has told it; 0: there is none. */
uint32_t lock_owner_find_pid(uint64_t node, uint64_t id);

/* Whether the owner has closed the file while it was busy, and locked nothing since. */
bool lock_owner_is_closed(uint64_t node, uint64_t id);

/* A FLUSH of the owner, and the RELEASE of a handle, which may have several owners: call it until it
   returns false. They return whether there was such an owner. */
bool lock_owner_close(uint64_t node, uint64_t id);
bool lock_owner_release(uint64_t node, uint64_t handle);

#endif
