/* SPDX-License-Identifier: MIT */
/* fuse_resume: what fmount --keep hands to the server that it starts, and starts again.
 *
 * FUSE_RESUME=N names the descriptor of a memory file that outlives each server of the mount. It
 * begins with struct fuse_resume; from byte `own` on it is the server's. Bytes that no server has
 * written are 0.
 *
 * FUSE_RESUME_STORE=A,B names two sockets (AF_UNIX, SOCK_SEQPACKET) for a process of the server that
 * keeps its descriptors, see core/serve/store.h. A server that needs none closes both.
 *
 * The first server finds init_size 0. It answers INIT as ever, but copies request and reply into
 * the file before it writes the reply, init_size last. A later server finds them, gets no INIT (unless
 * the first one died before it had answered), and continues with what was agreed on. It sends
 * FUSE_NOTIFY_RESEND: the kernel then delivers again what was read and not answered, with
 * FUSE_UNIQUE_RESEND in `unique`, which the reply repeats. Such a request may have been carried out
 * before.
 *
 * A server that serves writes `lives` to `serving`, and one byte to the socket A.
 *
 * The layout is that of the machine's C. A later version only adds members at the end. */
#ifndef FUSEBOX_FUSE_RESUME_H
#define FUSEBOX_FUSE_RESUME_H

#include <stdint.h>

#define FUSE_RESUME_MAGIC 0x3170656b65737566u	/* "fusekep1" in the order of a little-endian machine */

enum { FUSE_RESUME_VERSION = 1, FUSE_RESUME_INIT = 512 };

struct fuse_resume {
	uint64_t magic;
	uint32_t version;
	uint32_t own;		/* where the server's own part begins: a multiple of 64 KiB */
	uint32_t lives;		/* how many servers there were, this one included */
	uint32_t serving;	/* the last of them that served; the servers write it */
	uint32_t held;		/* the last of them whose store has the descriptors; the servers write it */
	uint32_t init_size;	/* bytes of `init`; 0: none yet */
	uint32_t reply_size;
	uint32_t unused;
	uint64_t device;	/* of the mount, major << 32 | minor; the keeper writes it */
	unsigned char init[FUSE_RESUME_INIT];	/* INIT: struct fuse_in_header, struct fuse_init_in */
	unsigned char reply[FUSE_RESUME_INIT];	/* its reply without the header: struct fuse_init_out */
};

#endif
