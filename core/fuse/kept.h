/* SPDX-License-Identifier: MIT */
/* kept: the memory that a session shares with the processes before and after it: see fuse_keep.h.
 * Makes no system calls. A process has one session. */
#ifndef FUSEBOX_FUSE_KEPT_H
#define FUSEBOX_FUSE_KEPT_H

#include "fuse/session.h"
#include "fuse_keep.h"

/* Buffers: the first thread's, one to read the requests that the kernel sends again, and one for each other
   thread. */
enum { KEPT_FIRST, KEPT_PROBE, KEPT_THREADS, KEPT_BUFFERS = KEPT_THREADS + 96 };

/* How much memory a session shares without the file system's own, which follows, in bytes. */
size_t kept_size(size_t buffer);

/* Uses `memory`, which has room for buffers of `buffer` bytes each, and for `more` bytes of the file
   system behind them, and completes what a killed process was about to write. Returns false if a
   process with another layout has used it, or what was to be written lies elsewhere. */
bool kept_attach(void *memory, size_t buffer, size_t more);

/* A buffer that outlives the process, so that a FORGET which was read into it is not lost; NULL: the
   session keeps no memory. And how many of them former processes have used. */
char *kept_buffer(unsigned int number);
unsigned int kept_buffers_used(void);

/* Take a slot, req->slot, for the request in a buffer, and free it once the reply is sent. */
void kept_begin(struct fuse_req *req, const struct fuse_in_header *in);
void kept_end(struct fuse_req *req);

/* The slot in use of this number, from 0 on, or NULL. Stops at -1: *number is the next one. */
struct fuse_slot *kept_next_slot(int *number);

/* Marks the slot of a request that was delivered again. */
void kept_mark(uint64_t unique);

#endif
