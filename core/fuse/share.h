/* SPDX-License-Identifier: MIT */
/* share: limit how many threads one caller, or one file system below, can occupy.
 *
 * A request can block in SOURCE for as long as another user likes: on that user's FUSE server,
 * on a lease, on a slow disk. While all threads block, the loop starts further threads. If a
 * request's caller, or its file system, already occupies SHARE_EACH threads, the request is
 * copied and waits in memory until a request of the same kind ends. So one user cannot occupy
 * all threads. A process has one session. The only system calls allocate memory.
 */
#ifndef FUSEBOX_FUSE_SHARE_H
#define FUSEBOX_FUSE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse/session.h"

enum {
	SHARE_THREADS = 96,	/* all threads, unless session->most is lower */
	SHARE_EACH = 8,		/* threads for one user, or for one file system below. At most half of
				   all threads serve file systems below, and some only uid 0. */
};

/* Allocates a number for the calling thread, which share_leave() frees: 0 to SHARE_THREADS - 1,
   or -EAGAIN if all numbers are in use. */
int share_join(void);
void share_leave(int thread);

/* Decides about a request of `size` bytes that a thread has read from `device`. SHARE_RUN: the
   thread serves it and then calls share_end(). SHARE_KEPT: the request has been copied, and the
   thread is free. SHARE_REFUSE: too many copies of its kind wait, so the thread answers with an
   error; RELEASE and RELEASEDIR are never refused. Unless `stalled`, every request runs. */
enum share { SHARE_RUN, SHARE_KEPT, SHARE_REFUSE };
enum share share_begin(int thread, const struct fuse_session *session, int device, const void *bytes,
		       size_t size, bool stalled);

/* Ends the request of a thread, and starts a copied request that may now run: copies it to
   buffer, which is as large as the buffer that it was read into. Returns its size in bytes and
   the device to answer on, or 0 if no request may run. */
size_t share_end(int thread, const struct fuse_session *session, void *buffer, int *device);

/* Discards the copied request with this `unique`, whose caller was interrupted. Returns whether
   a copy existed, and the device to answer on. */
bool share_interrupt(uint64_t unique, int *device);

/* A checksum of the running requests: constant while no request starts or ends. */
uint64_t share_progress(void);

#endif
