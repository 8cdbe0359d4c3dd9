/* SPDX-License-Identifier: MIT */
/* relay_state: see relay_state.h. */
#include "relay_state.h"

#include "sys.h"

/* Sends the server a FORGET. If its socket has no room, the FORGET is lost, and the server keeps that node until it ends. */
static void tell_server(void *message, size_t size)
{
	sys_write(relay.link.socket, message, size);
}

struct relay relay = { .device = -1, .link = { -1, -1 }, .peer = -1, .edge = -1, .connection = -1, .names = { .tell = tell_server } };

void relay_answer(uint64_t unique, int error)
{
	struct fuse_out_header out = { sizeof(out), error, unique };

	sys_write(relay.device, &out, sizeof(out));
}

void relay_notify_bare(int code)
{
	relay_answer(0, code);
}

enum relay_event relay_fail(const char *why)
{
	relay.failure = why;
	return RELAY_FAILS;
}
