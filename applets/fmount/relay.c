/* SPDX-License-Identifier: MIT */
/* relay: see relay.h. */
#include "relay_state.h"

#include <errno.h>

#include "health/fusectl.h"
#include "keep_queue.h"
#include "relay_notify.h"
#include "sys.h"
#include "sys/keep.h"

enum { LOOK_EVERY_MS = 20, END_MS = 2000, PATIENCE_MS = 30000 };

bool relay_is_direct(void)
{
	return relay.direct;
}

int relay_start_life(void)
{
	int err;

	relay.began = false;
	if (relay.direct)
		return relay.device;
	sys_set_nonblocking(relay.device);
	err = relay_open();
	return err ? err : relay.peer;
}

/* ---- Messages ---- */

void relay_answer(uint64_t unique, int error)
{
	struct fuse_out_header out = { sizeof(out), error, unique };

	sys_write(relay.device, &out, sizeof(out));
}

/* Sends the request that is in the buffer, or holds it until there is room. */
static void send_request(size_t size)
{
	ssize_t n = sys_write(relay.socket, relay.request, size);
	const struct fuse_in_header *in = (const void *)relay.request;
	uint32_t flags;

	relay.held = n == -EAGAIN ? size : 0;
	if (n >= 0 || relay.held)
		return;
	flags = relay_calls_end(&relay.names.calls, in->unique);
	if (flags)
		relay_answer(in->unique | (flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0), -EIO);
}

/* Returns false when the connection is over. */
static bool forward_request(void)
{
	ssize_t n = sys_read(relay.device, relay.request, relay.room);
	struct fuse_in_header *in = (void *)relay.request;
	uint64_t unique;
	int verdict;

	if (n <= 0)
		return n == -EINTR || n == -EAGAIN || n == -ENOENT;
	unique = in->unique;
	verdict = relay_request(&relay.names, relay.request, (size_t)n);
	if (verdict == RELAY_PASS)
		send_request(in->opcode == FUSE_BATCH_FORGET ? in->len : (size_t)n);
	else if (verdict != RELAY_DROP)
		relay_answer(unique, verdict < 0 ? verdict : 0);
	return true;
}

/* The kernel refuses a reply that makes no sense with EINVAL, and the caller would wait for ever. */
static bool forward_reply(size_t size)
{
	const struct fuse_out_header *out = (const void *)relay.reply;
	int verdict = relay_reply(&relay.names, relay.reply, size);

	if (verdict == RELAY_SLOWLY)
		return relay_notify(relay.device, relay.reply, size);
	if (verdict == RELAY_PASS && sys_write(relay.device, relay.reply, size) == -EINVAL && out->unique)
		verdict = -EIO;
	if (verdict < 0)
		relay_answer(out->unique, verdict);
	return true;
}

/* Takes one message from the server. Returns false if the server cannot be used. */
static bool take_reply(void)
{
	ssize_t n = sys_read(relay.socket, relay.reply, relay.room);

	if (n <= 0)
		return n == -EAGAIN || n == -EINTR;
	return relay.began ? forward_reply((size_t)n) : relay_take_init_reply((size_t)n);
}

/* ---- The loop ---- */

/* The kernel has the server's reply to INIT once no request waits, which fusectl tells. */
static enum relay_event watch_first_server(int signals)
{
	while (!relay.began && sys_poll_in(signals, LOOK_EVERY_MS) == 0) {
		relay.began = fusectl_waiting(relay.connection) <= 0;
		fusectl_release();
		if (relay.began)
			return RELAY_SERVES;
	}
	sys_poll_in(signals, -1);
	return RELAY_SIGNAL;
}

/* The server gets SIGTERM from the keeper, and then the end of its socket, which ends most servers. */
static enum relay_event end_connection(int signals)
{
	if (!relay.over) {
		relay.over = true;
		return RELAY_OVER;
	}
	if (sys_poll_in(signals, END_MS) > 0)
		return RELAY_SIGNAL;
	relay_close();
	return sys_poll_in(signals, PATIENCE_MS) > 0 ? RELAY_SIGNAL : RELAY_OVER;
}

enum relay_event relay_run(int signals)
{
	struct sys_poll p[3] = { { signals, SYS_POLL_IN, 0 }, { relay.socket, 0, 0 }, { relay.device, 0, 0 } };

	if (relay.direct)
		return watch_first_server(signals);
	while (!relay.over) {
		bool began = relay.began;

		p[1].events = SYS_POLL_IN | (relay.held ? SYS_POLL_OUT : 0);
		p[2].events = relay.began && !relay.held ? SYS_POLL_IN : 0;
		if (sys_poll_several(p, 3, -1) < 0 || p[0].revents)
			return RELAY_SIGNAL;
		if (p[1].revents & SYS_POLL_IN && !take_reply())
			return RELAY_FAILS;
		if (relay.began && !began)
			return RELAY_SERVES;
		if (relay.held && p[1].revents & SYS_POLL_OUT)
			send_request(relay.held);
		if (p[2].revents & SYS_POLL_END || (p[2].revents & SYS_POLL_IN && !relay.held && !forward_request()))
			break;
	}
	return end_connection(signals);
}

/* ---- Between two servers ---- */

/* What the server has answered counts, and what it has not read can be sent to the next one. */
static void empty_sockets(void)
{
	enum { MOST = 1 << 20 };
	const struct fuse_in_header *in = (const void *)relay.request;

	for (int i = 0; relay.began && i < MOST && sys_poll_in(relay.socket, 0) > 0 && take_reply(); i++)
		;
	if (relay.held)
		relay_calls_unread(&relay.names.calls, in->unique);
	sys_set_nonblocking(relay.peer);
	for (int i = 0; i < MOST && sys_read(relay.peer, relay.request, relay.room) > 0; i++)
		relay_calls_unread(&relay.names.calls, in->unique);
}

void relay_end_life(void)
{
	if (relay.direct) {
		/* Without a reply to INIT the kernel gives any other server what the first one had. */
		relay.direct = !relay.began && keep_queue_has_init(relay.device);
		return;
	}
	if (relay.socket >= 0)
		empty_sockets();
	relay_close();
	relay_names_end_life(&relay.names, relay.resends, relay_answer);
}
