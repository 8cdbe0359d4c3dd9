/* share: how many threads the requests of one caller, or of one file system below, may occupy.
 *
 * A request may wait in SOURCE for as long as another user likes: for a FUSE server of that
 * user, for a lease, for a slow disk. While every thread waits, further ones are started; a
 * request whose caller, or whose file system, already occupies SHARE_EACH of them does not get
 * one, but is copied and waits in memory until a request of the same kind ends. So one user
 * cannot occupy all threads. There is one session in a process. No system call but for memory.
 */
#ifndef FUSEBOX_FUSE_SHARE_H
#define FUSEBOX_FUSE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse/session.h"

enum {
	SHARE_THREADS = 96,	/* in all, or session->most */
	SHARE_EACH = 8,		/* with requests of one user, or for one file system below; half of
				   all serve those below, and some only uid 0 */
};

/* A place for a thread, which share_leave() gives back: 0 to SHARE_THREADS - 1, or -EAGAIN
   when there is none. */
int share_join(void);
void share_leave(int thread);

/* What becomes of a request, `size` bytes that a thread read from `device`: SHARE_RUN, and
   share_end() must follow; SHARE_KEPT, it was copied and the thread is free; SHARE_REFUSE,
   there are too many copies of its kind, which the end of an open file (RELEASE, RELEASEDIR) is
   never told. Without `stalled`, all requests run. */
enum share { SHARE_RUN, SHARE_KEPT, SHARE_REFUSE };
enum share share_begin(int thread, const struct fuse_session *session, int device, const void *bytes,
		       size_t size, bool stalled);

/* Ends the request of a thread, and begins one that was copied and may now run: its bytes are
   put into the buffer, which is as large as the one it came from. Returns its size and the
   device to answer, or 0 when there is none. */
size_t share_end(int thread, const struct fuse_session *session, void *buffer, int *device);

/* Takes a copied request out, since its caller was interrupted. Returns whether there was one,
   and the device to answer. */
bool share_interrupt(uint64_t unique, int *device);

/* A number that stays the same while no request begins or ends. */
uint64_t share_progress(void);

#endif
