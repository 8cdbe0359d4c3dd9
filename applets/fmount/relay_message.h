/* SPDX-License-Identifier: MIT */
/* relay_message: what the relay changes in the messages between the kernel and a server that was
 * started again, so that the server sees its own numbers only, and the kernel numbers of this life. Makes
 * no system calls but for memory. Messages are changed in place. */
#ifndef FUSEBOX_FMOUNT_RELAY_MESSAGE_H
#define FUSEBOX_FMOUNT_RELAY_MESSAGE_H

#include <stddef.h>

#include "relay_calls.h"
#include "relay_ids.h"

struct relay_names {
	struct relay_ids nodes;
	struct relay_ids handles;	/* of the root directory; all other handles end with their nodes */
	struct relay_table calls;
	bool known;			/* each request that a server has had, and not answered, is in `calls` */
	bool opens;			/* OPENDIR was answered, and not with ENOSYS: the kernel has a handle of each open directory */
	uint32_t replied;		/* the call that relay_reply() has ended last: enum relay_call */
	/* Sends the server a FORGET for a node of its reply that the relay does not pass on to the kernel. */
	void (*tell)(void *message, size_t size);
};

enum relay_verdict {
	RELAY_PASS,		/* send the message on */
	RELAY_DROP,		/* send nothing */
	RELAY_DONE,		/* answer the request with success */
	RELAY_SLOWLY,		/* a notification for which the kernel may wait for a reply of the same server */
};

/* A request of the kernel. Returns enum relay_verdict, or -errno: the answer. */
int relay_request(struct relay_names *names, void *message, size_t size);

/* A reply or notification of the server, of `size` bytes, which may be any bytes. Returns enum
   relay_verdict, or -EIO or -ENFILE: the answer to the request in the message's header. */
int relay_reply(struct relay_names *names, void *message, size_t size);

/* The kernel has not taken the reply that relay_reply() was given last, and for which it returned RELAY_PASS. Takes
   back the references, and tells the server to do so, too. Changes the reply. */
void relay_refused(struct relay_names *names, void *message, size_t size);

/* The server has ended: see relay_calls_end_life(). */
void relay_names_end_life(struct relay_names *names, const struct relay_end *end);

/* Clears the features in the flags of an INIT that a server behind a socket cannot use. The message has `size` bytes. */
void relay_limit_init(struct fuse_init_in *in, size_t size);
void relay_limit_init_reply(struct fuse_init_out *out, size_t size);

#endif
