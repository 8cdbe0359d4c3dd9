/* SPDX-License-Identifier: MIT */
/* relay_calls: the requests that a server behind the relay has and has not answered, and what becomes
 * of them when it ends. Makes no system calls but for memory. */
#ifndef FUSEBOX_FMOUNT_RELAY_CALLS_H
#define FUSEBOX_FMOUNT_RELAY_CALLS_H

#include "fuse_kernel.h"
#include "relay_table.h"

/* Beside the opcode, in the lower 16 bits. SENT: the server has it. UNREAD: the server that it was sent to
   ended and had not read it. ONCE: it must not be carried out twice. RESENT: the kernel wants
   FUSE_UNIQUE_RESEND in the reply. ROOT: its node is the root directory. */
enum relay_call {
	RELAY_OPCODE = 0xffff, RELAY_SENT = 1 << 16, RELAY_UNREAD = 1 << 17, RELAY_ONCE = 1 << 18,
	RELAY_RESENT = 1 << 19, RELAY_ROOT = 1 << 20,
};

/* Takes note of a request that the kernel delivers, of which `size` bytes are valid. Returns 0: send it to the server; 1: the
   server has it; -EIO: a server that has ended may have carried it out, and a second time could do
   harm; -ENOMEM. known: each request that a server has had and not answered is in the table, so that none has had
   this one if it is not. */
int relay_calls_begin(struct relay_table *calls, const struct fuse_in_header *in, uint64_t size, bool known);

/* The request `unique` (without FUSE_UNIQUE_RESEND) that the server has: enum relay_call, or 0. */
uint32_t relay_calls_sent(const struct relay_table *calls, uint64_t unique);

/* The request is answered. Returns as relay_calls_sent(). */
uint32_t relay_calls_end(struct relay_table *calls, uint64_t unique);

/* The server that has ended has not read this request. */
void relay_calls_unread(struct relay_table *calls, uint64_t unique);

/* The server has ended. Calls answer() with the error for each request that the kernel shall not deliver
   again, in the kernel's form of `unique`. */
struct relay_end {
	bool drained;	/* it has delivered to this server all that waited, so what it has not delivered has ended */
	int error;	/* the answer where repeating would do no harm; 0: the kernel delivers such requests again */
	void (*answer)(uint64_t unique, int error);
};
void relay_calls_end_life(struct relay_table *calls, const struct relay_end *end);

#endif
