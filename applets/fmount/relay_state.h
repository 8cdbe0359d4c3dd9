/* SPDX-License-Identifier: MIT */
/* relay_state: what the parts of the relay share. */
#ifndef FUSEBOX_FMOUNT_RELAY_STATE_H
#define FUSEBOX_FMOUNT_RELAY_STATE_H

#include "relay.h"
#include "relay_message.h"

struct init_request { struct fuse_in_header head; struct fuse_init_in in; };
struct init_reply { struct fuse_out_header head; struct fuse_init_out out; };

extern struct relay {
	int device;
	uint64_t connection;
	struct init_request init;	/* as the server gets it */
	uint64_t init_unique;		/* as the kernel has it */
	bool resends;			/* the kernel can deliver requests again */
	bool agreed;			/* the kernel has a reply to INIT */
	bool direct;			/* the server has the device itself */
	bool began, over;
	int socket, peer;		/* the server's end, too: what the server does not read comes back from it; -1: none */
	struct relay_names names;
	char *request, *reply;
	size_t room;			/* of each, in bytes */
	size_t held;			/* bytes of a request for which the socket has no room; 0: none */
} relay;

/* Answers the kernel's request without data. error: 0 or -errno. */
void relay_answer(uint64_t unique, int error);

/* Makes the socket pair of the next server, and sends INIT. 0 or -errno. */
int relay_open(void);
void relay_close(void);

/* Takes the server's reply to INIT, of `size` bytes, in relay.reply. Returns false if the server refuses, or
   wants larger messages than there is room for. */
bool relay_take_init_reply(size_t size);

#endif
