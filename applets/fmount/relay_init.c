/* SPDX-License-Identifier: MIT */
/* relay_init: the beginning of the connection and of each server behind the relay. See relay_state.h. */
#include "relay_state.h"

#include <errno.h>
#include <string.h>

#include "health/fusectl.h"
#include "mount/row.h"
#include "msg.h"
#include "out.h"
#include "proc/proc.h"
#include "relay_notify.h"
#include "sys.h"
#include "sys/keep.h"

/* SMALLEST: no server reads less at once. OLDEST_MINOR: later ones have messages of the same layout. */
enum { SMALLEST = 8192, DEFAULT_DATA = 1 << 20, OLDEST_MINOR = 23, PATIENCE_MS = 2000 };

/* ---- The beginning of the connection ---- */

static uint64_t offered(void)
{
	const struct fuse_init_in *in = &relay.init.in;

	return in->flags | (in->flags & FUSE_INIT_EXT ? (uint64_t)in->flags2 << 32 : 0);
}

static int read_init(void)
{
	ssize_t n = sys_poll_alive(relay.device, PATIENCE_MS);

	if (n > 0)
		n = sys_read(relay.device, relay.request, RELAY_ROOM);
	if (n < (ssize_t)offsetof(struct init_request, in.flags2))
		return n < 0 ? (int)n : -EPROTO;
	memcpy(&relay.init, relay.request, (size_t)n < sizeof(relay.init) ? (size_t)n : sizeof(relay.init));
	relay.init.head.len = (uint32_t)n < sizeof(relay.init) ? (uint32_t)n : sizeof(relay.init);
	relay.init_unique = relay.init.head.unique;
	return relay.init.head.opcode == FUSE_INIT ? 0 : -EPROTO;
}

/* A request that a server had in an io_uring ring when it ended can be ended by an abort alone. So offer no server
   rings: where the kernel does, the first server has a socket, too. */
static void choose_first_life(void)
{
	const char *why;

	relay.resends = offered() & FUSE_HAS_RESEND;
	why = !relay.resends ? "before Linux 6.9, those in flight fail when the program ends"
	      : offered() & FUSE_OVER_IO_URING ? "io_uring is on"
	      : relay.capped ? "sockets hold less than fs.fuse.max_pages_limit" : NULL;
	relay.direct = !why;
	if (why)
		msg("--keep=relay: every request goes through the relay: %s", why);
}

/* The data of the longest request and reply on which this kernel and a server can agree: the default is 256 pages. */
static uint64_t most_data(void)
{
	char text[24];
	uint64_t pages = sys_read_file("/proc/sys/fs/fuse/max_pages_limit", text, sizeof(text)) > 0 ? text_number(text) : 0;

	return (pages ? pages : 256) * sys_page_size();
}

static int try_sockets(size_t data)
{
	int pair[2], err = sys_message_pair(pair);

	if (err)
		return err;
	err = sys_set_buffers(pair[0], data + RELAY_HEADERS);
	sys_close(pair[0]);
	sys_close(pair[1]);
	return err;
}

static int choose_data(void)
{
	uint64_t most = most_data();
	int err;

	relay.data = most < RELAY_MOST_DATA ? (size_t)most : RELAY_MOST_DATA;
	while ((err = try_sockets(relay.data)) && relay.data > DEFAULT_DATA)
		relay.data = DEFAULT_DATA;
	relay.capped = relay.data < most;
	return err;
}

/* If the connection is alive now, no later one had its number when fusectl was asked for it. */
static void hold_connection(uint64_t connection)
{
	relay.connection = fusectl_hold(connection);
	if (relay.connection < 0)
		relay.connection = fusectl_hold_mounted(connection);
	fusectl_release();
	if (relay.connection < 0 || sys_poll_alive(relay.device, 0) != -EPIPE)
		return;
	sys_close(relay.connection);
	relay.connection = -1;
}

int relay_prepare(int device, const struct sys_stat *mounted)
{
	int err = choose_data();

	relay_table_limit(proc_memory(), sys_secret());
	relay.device = device;
	hold_connection(connection_of_device(mounted->dev_major, mounted->dev_minor));
	relay.request = sys_pages(RELAY_ROOM);
	relay.reply = sys_pages(RELAY_ROOM);
	if (!err)
		err = relay.request && relay.reply ? read_init() : -ENOMEM;
	if (err)
		return err;
	choose_first_life();
	if (relay.direct)
		relay_first_prepare();
	relay_limit_init(&relay.init.in, relay.init.head.len - sizeof(relay.init.head));
	return 0;
}

/* ---- The beginning of a server ---- */

static int set_sockets(void)
{
	int err = sys_set_buffers(relay.link.socket, relay.data + RELAY_HEADERS);

	return err ? err : sys_set_buffers(relay.peer, relay.data + RELAY_HEADERS);
}

/* Reading a message closes the descriptors that its sender has put into it, which can block, and so can closing the
   socket: see child_hold(). */
static int guard_socket(void)
{
	return sys_refuse_fds(relay.link.socket) < 0 ? child_hold(&relay.link) : 0;
}

int relay_open(void)
{
	int pair[2], err = sys_message_pair(pair);

	if (err)
		return err;
	relay.link.socket = pair[0];
	relay.peer = pair[1];
	err = guard_socket();
	if (!err)
		err = set_sockets();
	if (!err)
		err = sys_set_nonblocking(relay.link.socket);
	if (!err)
		err = sys_write_all(relay.link.socket, &relay.init, relay.init.head.len);
	if (err)
		relay_close();
	return err;
}

void relay_answer_init(uint64_t unique)
{
	relay.reply_init.head.unique = unique;
	sys_write(relay.device, &relay.reply_init, relay.reply_init.head.len);
}

static bool is_init_reply(const struct init_reply *reply, size_t size)
{
	return size >= sizeof(reply->head) + FUSE_COMPAT_22_INIT_OUT_SIZE && size <= sizeof(*reply) && reply->head.len == size
	       && !reply->head.error && reply->head.unique == relay.init.head.unique
	       && reply->out.major == FUSE_KERNEL_VERSION && reply->out.minor >= OLDEST_MINOR;
}

/* How much the kernel demands that a server reads at once after this INIT. */
static size_t size_of_buffer(const struct fuse_init_out *out)
{
	size_t most = out->max_write < RELAY_MOST_WRITE ? out->max_write : RELAY_MOST_WRITE;

	most += sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in);
	return most > SMALLEST ? most : SMALLEST;
}

static uint32_t pages_of(const struct fuse_init_out *out)
{
	enum { DEFAULT_PAGES = 32 };

	return out->flags & FUSE_MAX_PAGES ? out->max_pages : DEFAULT_PAGES;
}

static void cap(struct fuse_init_out *out)
{
	uint32_t pages = (uint32_t)(relay.data / sys_page_size());

	if (relay.capped && out->max_pages > pages)
		out->max_pages = (uint16_t)pages;
	if (relay.capped && out->max_write > relay.data)
		out->max_write = (uint32_t)relay.data;
}

/* The kernel goes on with what it has agreed to with a server before this one: it must be the same, but that a server
   may take longer messages. */
static bool agrees(const struct fuse_init_out *out)
{
	const struct fuse_init_out *before = &relay.reply_init.out;

	return !relay.reply_init.head.len || (out->flags == before->flags && out->flags2 == before->flags2
	       && out->max_write >= before->max_write && pages_of(out) >= pages_of(before));
}

enum relay_event relay_take_init_reply(size_t size)
{
	struct init_reply reply = { .head = { .len = 0 } };

	memcpy(&reply, relay.reply, size < sizeof(reply) ? size : sizeof(reply));
	if (!is_init_reply(&reply, size))
		return relay_fail("it does not answer INIT as servers since FUSE 7.23 do");
	relay.takes = size_of_buffer(&reply.out);
	relay_limit_init_reply(&reply.out, size - sizeof(reply.head));
	cap(&reply.out);
	if (!agrees(&reply.out))
		return relay_fail("in its reply to INIT it wants other features, or shorter messages, than the one before it");
	if (!relay.reply_init.head.len)
		relay.reply_init = reply;
	/* If an earlier server has answered INIT, the kernel has no such request, and refuses. */
	relay_answer_init(relay.init_unique);
	/* The kernel forgets the names that it has cached, which mean nothing to this server (Linux 6.16). */
	relay_notify_bare(FUSE_NOTIFY_INC_EPOCH);
	if (relay.resends)
		relay_notify_bare(FUSE_NOTIFY_RESEND);
	relay_notify_pass();
	relay.began = true;
	return RELAY_SERVES;
}

void relay_close(void)
{
	child_release(&relay.link);
	if (relay.peer >= 0)
		sys_close(relay.peer);
	relay.peer = -1;
	relay.held = 0;
	relay.short_of_memory = false;
}
