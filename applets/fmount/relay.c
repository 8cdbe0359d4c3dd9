/* SPDX-License-Identifier: MIT */
/* relay: see relay.h. */
#include "relay_state.h"

#include <errno.h>

#include "relay_notify.h"
#include "sys.h"
#include "sys/keep.h"

enum { LOOK_EVERY_MS = 20, MEMORY_MS = 10, END_MS = 2000, PATIENCE_MS = 30000 };

bool relay_is_used(void)
{
	return relay.link.socket >= 0;
}

const char *relay_failure(void)
{
	return relay.failure;
}

int relay_start_life(void)
{
	int err;

	relay.began = relay.drained = false;
	if (relay.direct)
		return relay.device;
	sys_set_nonblocking(relay.device);
	err = relay_open();
	return err ? err : relay.peer;
}

/* ---- Messages ---- */

/* Sends the request that is in the buffer, or holds it until there is room, or memory for the message. */
static void send_request(size_t size)
{
	ssize_t n = sys_write(relay.link.socket, relay.request, size);
	const struct fuse_in_header *in = (const void *)relay.request;
	uint32_t flags;

	relay.short_of_memory = n == -ENOBUFS || n == -ENOMEM;
	relay.held = n == -EAGAIN || relay.short_of_memory ? size : 0;
	if (n >= 0 || relay.held)
		return;
	flags = relay_calls_end(&relay.names.calls, in->unique);
	if (flags)
		relay_answer(in->unique | (flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0), -EIO);
}

static void pass_request(size_t size)
{
	struct fuse_in_header *in = (void *)relay.request;
	uint64_t unique = in->unique;
	int verdict = relay_request(&relay.names, relay.request, size);

	if (verdict == RELAY_PASS)
		send_request(in->opcode == FUSE_BATCH_FORGET ? in->len : size);
	else if (verdict != RELAY_DROP)
		relay_answer(unique, verdict < 0 ? verdict : 0);
}

/* The kernel delivers no request to a buffer that is too small for the largest WRITE, so none is cut. If another
   error lasts, the next poll(2) reports it. */
static enum relay_event forward_request(void)
{
	ssize_t n = sys_read(relay.device, relay.request, relay.takes);
	const struct fuse_in_header *in = (const void *)relay.request;

	if (n == -EINVAL)
		return relay_fail("it takes shorter messages (max_write) than the first one, or that one more than 16 MiB");
	if (n < (ssize_t)sizeof(*in))
		return RELAY_GOES_ON;
	if (in->opcode == FUSE_INIT)
		relay_answer_init(in->unique);
	else
		pass_request((size_t)n);
	return RELAY_GOES_ON;
}

/* The kernel refuses some replies that make no sense with EINVAL, and the caller would wait for ever. */
static void forward_reply(size_t size)
{
	const struct fuse_out_header *out = (const void *)relay.reply;
	int verdict = relay_reply(&relay.names, relay.reply, size), err;

	if (verdict == RELAY_SLOWLY) {
		relay_notify(relay.reply, size);
		return;
	}
	err = verdict == RELAY_PASS ? (int)sys_write(relay.device, relay.reply, size) : 0;
	if (err < 0 && out->unique) {
		relay_refused(&relay.names, relay.reply, size);
		verdict = -EIO;
	}
	if (verdict < 0)
		relay_answer(out->unique, verdict);
}

/* Takes one message from the server. EACH: less than the kernel needs for a message besides its bytes. */
static enum relay_event take_reply(void)
{
	enum { EACH = 512 };
	ssize_t n;

	if (relay.link.holder >= 0 && sys_next_has_fds(relay.link.socket))
		return relay_fail("it sends descriptors");
	n = sys_read(relay.link.socket, relay.reply, RELAY_ROOM);
	relay.taken += EACH + (size_t)(n > 0 ? n : 0);
	if (n <= 0)
		return n == -EAGAIN || n == -EINTR ? RELAY_GOES_ON : relay_fail("it has shut down its socket");
	if (!relay.began)
		return relay_take_init_reply((size_t)n);
	forward_reply((size_t)n);
	return RELAY_GOES_ON;
}

/* ---- The loop ---- */

static enum relay_event watch_first_server(int signals)
{
	while (!relay.began && sys_poll_in(signals, LOOK_EVERY_MS) == 0)
		if (relay_first_began())
			return RELAY_SERVES;
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

enum { SIGNALS, SERVER, DEVICE, NOTIFIER, COUNT };

/* Waits for one of the descriptors, and passes on at most one message of the server and one request of the kernel. */
static enum relay_event work_on(struct sys_poll p[COUNT], int milliseconds)
{
	enum relay_event event = RELAY_GOES_ON;

	if (sys_poll_several(p, COUNT, milliseconds) < 0 || p[SIGNALS].revents)
		return RELAY_SIGNAL;
	if (p[DEVICE].revents & SYS_POLL_END)
		return RELAY_OVER;
	relay.drained |= p[DEVICE].events && !(p[DEVICE].revents & SYS_POLL_IN);
	relay.names.known |= relay.drained;	/* The kernel has delivered again all that the first server had read. */
	if (p[NOTIFIER].revents)
		relay_notify_go_on();
	if (p[SERVER].revents & p[SERVER].events & SYS_POLL_IN)
		event = take_reply();
	if (event == RELAY_GOES_ON && relay.held && (relay.short_of_memory || p[SERVER].revents & SYS_POLL_OUT))
		send_request(relay.held);
	if (event == RELAY_GOES_ON && p[DEVICE].revents & SYS_POLL_IN && !relay.held)
		event = forward_request();
	return event;
}

/* poll(2) reports a socket with room as writable also if the kernel has no memory for a message: then send again every
   MEMORY_MS. */
static enum relay_event work_once(int signals)
{
	int milliseconds = -1;
	enum relay_notify_state state = relay.began ? relay_notify_state(&milliseconds) : RELAY_LISTEN;
	short events = (short)((state == RELAY_LISTEN ? SYS_POLL_IN : 0)
			       | (relay.held && !relay.short_of_memory ? SYS_POLL_OUT : 0));
	struct sys_poll p[COUNT] = {
		[SIGNALS] = { signals, SYS_POLL_IN, 0 },
		/* A socket that is shut down would end each poll(2) at once. */
		[SERVER] = { events ? relay.link.socket : -1, events, 0 },
		[DEVICE] = { relay.device, relay.began && !relay.held ? SYS_POLL_IN : 0, 0 },
		[NOTIFIER] = { relay_notify_socket(), SYS_POLL_IN, 0 },
	};

	if (state == RELAY_STUCK)
		return relay_fail("it sends more notifications than the kernel takes");
	if (relay.held && relay.short_of_memory)
		milliseconds = MEMORY_MS;
	return work_on(p, milliseconds);
}

enum relay_event relay_run(int signals)
{
	enum relay_event event = RELAY_GOES_ON;

	if (relay.direct)
		return watch_first_server(signals);
	/* The keeper has killed this server: read nothing more from its socket, and wait for SIGCHLD. */
	if (relay.failure) {
		sys_poll_in(signals, -1);
		return RELAY_SIGNAL;
	}
	while (event == RELAY_GOES_ON && !relay.over)
		event = work_once(signals);
	return event == RELAY_OVER || event == RELAY_GOES_ON ? end_connection(signals) : event;
}

/* ---- Between two servers ---- */

/* Passes on the replies that the server has sent, and marks the requests that it has not read, which the next server may get.
   Stops after as many bytes as the socket can hold (sys_set_buffers()): a process that the server has left behind may go on
   to write. */
static void empty_sockets(void)
{
	const size_t most = 4 * (relay.data + RELAY_HEADERS);
	const struct fuse_in_header *in = (const void *)relay.request;

	relay_notify_pass();
	relay.taken = 0;
	while (relay.began && relay.taken <= most && sys_poll_in(relay.link.socket, 0) > 0 && take_reply() == RELAY_GOES_ON)
		;
	if (relay.held)
		relay_calls_unread(&relay.names.calls, in->unique);
	sys_set_nonblocking(relay.peer);
	while (sys_read(relay.peer, relay.request, RELAY_ROOM) > 0)
		relay_calls_unread(&relay.names.calls, in->unique);
}

void relay_end_life(void)
{
	if (relay.direct) {
		/* If the kernel still waits for the reply to INIT, the next server can have the device, too. */
		relay.direct = !relay_first_began();
		if (relay.direct)
			relay_first_prepare();
		return;
	}
	if (relay.link.socket >= 0)
		empty_sockets();
	relay_close();
	relay.failure = NULL;
	if (relay.began)
		relay_names_end_life(&relay.names, &(struct relay_end) { relay.drained, relay.resends ? 0 : -ESTALE, relay_answer });
}

/* The child that writes notifications may wait in the kernel for the reply to a request: answer all requests, so that it can
   end. */
void relay_abort(void)
{
	if (relay.device < 0)
		return;
	relay_names_end_life(&relay.names, &(struct relay_end) { true, -EIO, relay_answer });
	relay_end_connection(relay_notify_end);
}
