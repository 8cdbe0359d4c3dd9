/* SPDX-License-Identifier: MIT */
/* session: one connection to the kernel, from INIT to its end. Makes no system calls. */
#ifndef FUSEBOX_FUSE_SESSION_H
#define FUSEBOX_FUSE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_fs.h"
#include "fuse_resume.h"

enum { FUSE_INIT_SHORT = 16 };	/* bytes of struct fuse_init_in before protocol 7.36 */
enum fuse_transport { FUSE_TRANSPORT_AUTO, FUSE_TRANSPORT_DEV, FUSE_TRANSPORT_URING };
enum fuse_phase { FUSE_STARTING, FUSE_ANSWERED, FUSE_SERVING, FUSE_ENDED };

struct fuse_session {
	const struct fuse_ops *ops;
	void *fs;		/* the file system's own */
	int device;		/* /dev/fuse; the session's owner closes it */
	bool read_only;		/* the mount is read-only: the kernel refuses to write */
	bool kernel_checks;	/* the mount has default_permissions */
	bool aborted;		/* the connection ended with an abort */
	uint32_t threads;	/* most threads that serve requests; 0: ops->threads */
	uint32_t most;		/* most threads including spare ones; 0: SHARE_THREADS, the maximum */
	enum fuse_transport transport;
	uint16_t request_timeout;	/* seconds after which the kernel aborts the connection; 0: never */
	uint32_t page;		/* page size in bytes; 0: 4096 */
	struct fuse_resume *kept;	/* fmount --keep: the memory that outlives this process; NULL: none */
	uint64_t own_device;	/* major << 32 | minor of the mount's superblock; 0: unknown */

	/* Set by INIT */
	enum fuse_phase phase;
	uint32_t minor;		/* the protocol is 7.minor */
	uint64_t offered, flags;/* FUSE_*: what the kernel supports, what both agreed on */
	uint32_t max_write;	/* bytes */
	uint32_t max_readahead;

	/* Set by the loop: how many threads exist, and how many of them wait for a request. */
	uint32_t running, idle;

	/* Called in each thread before its first request; in the first thread, before other
	   threads start. NULL: none. */
	void (*thread_starts)(void);
	/* Called at INIT if the kernel offers io_uring: creates the rings and returns whether
	   they exist. NULL: do not use io_uring. */
	bool (*offer_uring)(struct fuse_session *session);
	/* Called once if the session resumes, before it carries out what a former process has left in
	   the memory. NULL: none. */
	void (*resumes)(struct fuse_session *session);
	/* Called once, after the kernel has accepted the reply to INIT. NULL: none. */
	void (*ready)(struct fuse_session *session);
	/* Called with -errno in an io_uring thread that fails: the requests in its queues would
	   wait for ever, so the process must end. NULL: none. */
	void (*fails)(int err);
	/* Called after each request with its duration. NULL: none. */
	void (*trace)(const struct fuse_req *req, bool replied, uint64_t nanoseconds);
};

/* The largest WRITE that a session agrees to, in bytes. A transport's buffer needs room for the
   headers besides. */
uint32_t session_max_write(const struct fuse_ops *ops);

/* How many pages hold so many bytes: the kernel limits requests by pages. */
uint32_t session_pages(const struct fuse_session *session, uint32_t bytes);

/* Sets how long the kernel may cache the attributes in a reply. */
void fuse_keep_attr_for(const struct fuse_req *req, uint64_t *seconds, uint32_t *nanoseconds);

/* Continues a connection whose INIT another process has answered, with the reply that it left in
   session->kept: the kernel sends no INIT again. 0 or -errno: -ENODATA if no process has answered INIT
   yet, so that the kernel still sends it; -EPROTO if this server has less room for a WRITE than was agreed on. */
int session_resume(struct fuse_session *session);

/* Builds the reply to INIT in req->reply, and leaves both in session->kept. Returns 0, or -EPROTO if the kernel's
   protocol is older than 7.12. If the kernel's major version is newer, the reply
   contains ours, and the kernel sends INIT again. */
int session_init(struct fuse_req *req, const struct fuse_init_in *in);

#endif
