/* SPDX-License-Identifier: MIT */
/* relay_init: the beginning of the connection and of each server behind the relay. See relay.h. */
#include "relay_state.h"

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "sys.h"
#include "sys/keep.h"

enum { DEFAULT_PAGES = 256, MOST_PAGES = 65536, HEADERS = 64 * 1024, PATIENCE_MS = 2000 };

struct relay relay = { .socket = -1, .peer = -1 };

/* ---- Buffers ---- */

static size_t room_for(size_t pages)
{
	return pages * sys_page_size() + HEADERS;
}

static void free_buffers(void)
{
	if (relay.request)
		sys_free_pages(relay.request, relay.room);
	if (relay.reply)
		sys_free_pages(relay.reply, relay.room);
	relay.request = relay.reply = NULL;
	relay.room = 0;
}

static int set_room(size_t room)
{
	if (room > relay.room || !relay.request || !relay.reply) {
		free_buffers();
		relay.request = sys_pages(room);
		relay.reply = sys_pages(room);
		relay.room = room;
	}
	return relay.request && relay.reply ? 0 : -ENOMEM;
}

static int set_sockets(void)
{
	int err = sys_set_buffers(relay.socket, relay.room);

	return err ? err : sys_set_buffers(relay.peer, relay.room);
}

/* ---- INIT ---- */

static uint64_t offered(void)
{
	const struct fuse_init_in *in = &relay.init.in;

	return in->flags | (in->flags & FUSE_INIT_EXT ? (uint64_t)in->flags2 << 32 : 0);
}

static int read_init(void)
{
	ssize_t n = sys_poll_alive(relay.device, PATIENCE_MS);

	if (n > 0)
		n = sys_read(relay.device, relay.request, relay.room);
	if (n < (ssize_t)offsetof(struct init_request, in.flags2))
		return n < 0 ? (int)n : -EPROTO;
	memcpy(&relay.init, relay.request, (size_t)n < sizeof(relay.init) ? (size_t)n : sizeof(relay.init));
	relay.init.head.len = (uint32_t)n < sizeof(relay.init) ? (uint32_t)n : sizeof(relay.init);
	relay.init_unique = relay.init.head.unique;
	return relay.init.head.opcode == FUSE_INIT ? 0 : -EPROTO;
}

/* What was in a ring of a server that has ended is lost to everything but an abort: hide rings, by a
   relay from the start. */
static void choose_first_life(void)
{
	bool rings = offered() & FUSE_OVER_IO_URING;
	struct fuse_out_header resend = { sizeof(resend), FUSE_NOTIFY_RESEND, 0 };

	relay.resends = offered() & FUSE_HAS_RESEND;
	relay.direct = relay.resends && !rings && sys_write(relay.device, &resend, sizeof(resend)) >= 0;
	if (!relay.resends)
		msg("--keep=relay: before Linux 6.9 every request goes through the relay, and those in flight fail when the program ends");
	else if (rings)
		msg("--keep=relay: io_uring is on: every request goes through the relay");
}

int relay_prepare(int device, uint64_t connection)
{
	int pair[2], err = sys_message_pair(pair);

	relay.device = device;
	relay.connection = connection;
	if (!err)
		err = set_room(room_for(DEFAULT_PAGES));
	if (err)
		return err;
	err = sys_set_buffers(pair[0], relay.room);
	sys_close(pair[0]);
	sys_close(pair[1]);
	if (!err)
		err = read_init();
	if (err)
		return err;
	choose_first_life();
	relay.agreed = relay.direct;
	relay_limit_init(&relay.init.in, relay.init.head.len - sizeof(relay.init.head));
	return 0;
}

int relay_open(void)
{
	int pair[2], err = sys_message_pair(pair);

	if (err)
		return err;
	relay.socket = pair[0];
	relay.peer = pair[1];
	err = set_sockets();
	if (!err)
		err = sys_set_nonblocking(relay.socket);
	if (!err)
		err = sys_write_all(relay.socket, &relay.init, relay.init.head.len);
	return err;
}

/* The kernel has the first server's reply. It forgets the names that it has cached, which mean nothing to this
   server, and delivers again what no server has answered. Older kernels refuse either. */
static void go_on(void)
{
	struct fuse_out_header out = { sizeof(out), FUSE_NOTIFY_INC_EPOCH, 0 };

	sys_write(relay.device, &out, sizeof(out));
	out.error = FUSE_NOTIFY_RESEND;
	if (relay.resends)
		sys_write(relay.device, &out, sizeof(out));
}

static bool agree(struct init_reply *reply, size_t size)
{
	relay_limit_init_reply(&reply->out, size - sizeof(reply->head));
	reply->head.unique = relay.init_unique;
	relay.agreed = sys_write(relay.device, reply, size) >= 0;
	return relay.agreed;
}

bool relay_take_init_reply(size_t size)
{
	struct init_reply reply = { .head = { .len = 0 } };
	size_t pages;

	memcpy(&reply, relay.reply, size < sizeof(reply) ? size : sizeof(reply));
	if (size < sizeof(reply.head) + FUSE_COMPAT_22_INIT_OUT_SIZE || size > sizeof(reply) || reply.head.len != size
	    || reply.head.error || reply.head.unique != relay.init.head.unique)
		return false;
	pages = reply.out.max_write / sys_page_size() + 1;
	if (reply.out.flags & FUSE_MAX_PAGES && reply.out.max_pages > pages)
		pages = reply.out.max_pages;
	if (pages > MOST_PAGES || set_room(room_for(pages)) < 0 || set_sockets() < 0)
		return false;
	if (relay.agreed)
		go_on();
	else if (!agree(&reply, size))
		return false;
	relay.began = true;
	return true;
}

void relay_close(void)
{
	if (relay.socket >= 0)
		sys_close(relay.socket);
	if (relay.peer >= 0)
		sys_close(relay.peer);
	relay.socket = relay.peer = -1;
	relay.held = 0;
}
