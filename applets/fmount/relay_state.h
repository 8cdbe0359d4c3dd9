/* SPDX-License-Identifier: MIT */
/* relay_state: what the parts of the relay share. */
#ifndef FUSEBOX_FMOUNT_RELAY_STATE_H
#define FUSEBOX_FMOUNT_RELAY_STATE_H

#include "relay.h"
#include "relay_message.h"
#include "sys/child.h"

struct init_request { struct fuse_in_header head; struct fuse_init_in in; };
struct init_reply { struct fuse_out_header head; struct fuse_init_out out; };

extern struct relay {
	int device, connection;		/* connection: its directory in fusectl; < 0: not accessible */
	struct init_request init;	/* as the server gets it */
	uint64_t init_unique;		/* as the kernel has it */
	struct init_reply reply_init;	/* of the first server whose reply was seen: later ones have to agree */
	bool resends;			/* the kernel can deliver requests again */
	bool direct;			/* the server has the device itself */
	bool began, over;
	int edge;			/* readable once a second request is queued: see relay_first.c; -1: none */
	struct child_held link;		/* the keeper's end of the socket */
	int peer;			/* the server's end, too: what the server does not read comes back from it; -1: none */
	struct relay_names names;
	char *request, *reply;		/* RELAY_ROOM bytes each */
	size_t data;			/* the most in a message that the kernel sends or takes */
	bool capped;			/* the kernel would agree to more: INIT's reply is limited to `data` */
	size_t takes;			/* bytes that the server must be able to read at once */
	size_t taken;			/* bytes of memory of the messages that the server has sent */
	size_t held;			/* bytes of a request for which the socket has no room; 0: none */
	bool short_of_memory;		/* and the kernel has none to make a message of it */
	bool drained;			/* the kernel's queue was empty since this server began */
	const char *failure;
} relay;

/* RELAY_MOST_WRITE: the kernel wants a buffer for the max_write that it was told, also where it never sends as
   much. The pages of such a buffer take memory once they are used. RELAY_MOST_DATA: a message of a socket with more data
   and its header is refused with ENOBUFS. */
enum { RELAY_MOST_WRITE = 16 << 20, RELAY_MOST_DATA = 4 << 20, RELAY_HEADERS = 4096, RELAY_ROOM = RELAY_MOST_WRITE + RELAY_HEADERS };

/* Answers the kernel's request without data. error: 0 or -errno. */
void relay_answer(uint64_t unique, int error);

/* Sends the kernel a notification without data: FUSE_NOTIFY_RESEND, to deliver again what no server has answered, or
   FUSE_NOTIFY_INC_EPOCH. A kernel that does not know it refuses. */
void relay_notify_bare(int code);

/* Remembers why the server cannot be used. Returns RELAY_FAILS. */
enum relay_event relay_fail(const char *why);

/* ---- relay_end ---- */

/* Aborts the connection, if it is not over yet; without fusectl, answers all requests with EIO until done(), for some
   three seconds at most. done: NULL if nothing tells. */
void relay_end_connection(bool (*done)(void));

/* In a child of the keeper, with the other end of its `socket`: does so when the keeper has ended. */
void __attribute__((noreturn)) relay_guard(int socket);

/* ---- relay_init ---- */

/* Makes the socket pair of the next server, and sends INIT. 0 or -errno. */
int relay_open(void);
void relay_close(void);

/* Takes the server's reply to INIT, of `size` bytes, in relay.reply: RELAY_SERVES or RELAY_FAILS. */
enum relay_event relay_take_init_reply(size_t size);

/* Answers the kernel's INIT as the server has. */
void relay_answer_init(uint64_t unique);

/* ---- relay_first ---- */

/* Before a server that has the device itself: has the kernel deliver INIT again, and prepares to watch it. */
void relay_first_prepare(void);

/* Whether this server has answered INIT. */
bool relay_first_began(void);

#endif
