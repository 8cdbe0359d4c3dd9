/* session: one mounted file system, from INIT to the end. No system call. */
#ifndef FUSEBOX_FUSE_SESSION_H
#define FUSEBOX_FUSE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_fs.h"

enum fuse_transport { FUSE_TRANSPORT_AUTO, FUSE_TRANSPORT_DEV, FUSE_TRANSPORT_URING };
enum fuse_phase { FUSE_STARTING, FUSE_ANSWERED, FUSE_SERVING, FUSE_ENDED };

struct fuse_session {
	const struct fuse_ops *ops;
	void *fs;		/* the file system's own */
	int device;		/* /dev/fuse; the session's owner closes it */
	bool read_only;		/* mounted so: the kernel refuses what would write */
	bool aborted;		/* how it ended */
	uint32_t threads;	/* at most; 0: as the operations say */
	uint32_t most;		/* in all, while those wait; 0: SHARE_THREADS, which is the most */
	enum fuse_transport transport;
	uint32_t page;		/* of this machine, in bytes; 0: the smallest there is */
	uint64_t own_device;	/* major << 32 | minor of what is served; 0: not known */

	/* Set by INIT */
	enum fuse_phase phase;
	uint32_t minor;		/* the protocol is 7.minor */
	uint64_t offered, flags;/* FUSE_*: what the kernel can, what was agreed on */
	uint32_t max_write;	/* bytes */
	uint32_t max_readahead;

	/* The transport's: how many threads there are, and wait for a request. */
	uint32_t running, idle;

	/* Called in each further thread, and before them in the first one. NULL: not. */
	void (*thread_starts)(void);
	/* Called at INIT when the kernel offers io_uring: whether its rings are at hand.
	   NULL: it is not wanted. */
	bool (*offer_uring)(struct fuse_session *session);
	/* Called once, when the kernel has taken the reply to INIT. NULL: not. */
	void (*ready)(struct fuse_session *session);
	/* Called in a thread of the rings that cannot go on, with -errno: its requests would wait
	   for ever, so the process has to end. NULL: not. */
	void (*fails)(int err);
	/* Called for each request with what it took. NULL: not. */
	void (*trace)(const struct fuse_req *req, bool replied, uint64_t nanoseconds);
};

/* The largest WRITE that a session will agree to: a transport's buffer must
   hold that much and FUSE_BUFFER_HEADER_SIZE more. */
uint32_t session_max_write(const struct fuse_ops *ops);

/* So many bytes in pages, by which the kernel counts. */
uint32_t session_pages(const struct fuse_session *session, uint32_t bytes);

/* How long the kernel may keep what a reply tells. */
void fuse_keep_attr_for(const struct fuse_req *req, uint64_t *seconds, uint32_t *nanoseconds);

/* Answers INIT in req->reply. Returns 0, or -EPROTO: older than 7.12. When the
   kernel speaks a newer major, the reply names ours and INIT comes again. */
int session_init(struct fuse_req *req, const struct fuse_init_in *in);

#endif
