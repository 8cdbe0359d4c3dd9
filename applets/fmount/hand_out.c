/* SPDX-License-Identifier: MIT */
/* hand_out: see hand_out.h. */
#include "hand_out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "msg.h"
#include "out.h"
#include "sys.h"
#include "sys/child.h"
#include "sys/keep.h"

static int stop[2];

static void on_stop(int sig)
{
	sys_send_as(stop[1], sys_getuid(), &(char) { (char)sig }, 1, -1);
}

int hand_out_prepare(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int err = sys_socketpair(stop);

	for (unsigned int i = 0; !err && i < sizeof(signals) / sizeof(*signals); i++)
		err = sys_catch_signal(signals[i], on_stop);
	return err;
}

/* Change to the socket's directory, and set *name to the path from there, which may be in `text`. 0
   or -errno. */
static int enter_directory(const char *path, char text[256], const char **name)
{
	char dir[4096];
	struct out out = OUT_TEXT(dir), rest = { .buf = text, .size = 256, .fd = -1 };
	const char *slash = strrchr(path, '/');

	*name = path;
	if (*path == '@' || !slash)
		return 0;
	if ((size_t)(slash - path) + 2 > sizeof(dir) || strlen(slash) + 2 > rest.size)
		return -ENAMETOOLONG;
	out_fmt(&out, "%.*s", (int)(slash - path) + 1, path);
	out_fmt(&rest, ".%s", slash);	/* "./@name" is not abstract */
	*name = out_text(&rest);
	return sys_chdir(out_text(&out));
}

/* Whether the peer's user may have the device: 1, 0, or -errno if its uid cannot be read. */
static int is_peer_allowed(int peer, uid_t uid)
{
	int64_t from = sys_peer_uid(peer);

	if (from < 0)
		return (int)from;
	if (from == 0 || from == uid || from == (int64_t)sys_geteuid())
		return 1;
	msg("a process of user %lld connected, and was refused", (long long)from);
	return 0;
}

/* A stranger can send a descriptor whose close waits for a file system of theirs. Where the kernel does not refuse
   such messages to the socket, a child makes its last close. */
static int protect(struct child_held *held)
{
	return sys_refuse_fds(held->socket) < 0 ? child_hold(held) : 0;
}

/* Without a process for that child, closing the peer is not safe yet: wait for one, or for a signal. */
static void protect_peer(struct child_held *held)
{
	enum { PAUSE_MS = 100 };

	while (protect(held) < 0 && sys_poll_in(stop[0], PAUSE_MS) <= 0)
		;
}

/* Also reaps the children that have ended, so that strangers do not fill the table of processes. */
static void release(struct child_held *held)
{
	int status;

	child_release(held);
	while (sys_wait_ended(-1, &status) > 0)
		continue;
}

/* Accept connections until a peer may have the device. Returns as hand_out_send() does. */
static int send_to_first(int listener, uid_t uid, int device, int milliseconds)
{
	uint64_t end = sys_clock_ns() / NS_PER_MS + (uint64_t)milliseconds;

	for (;;) {
		uint64_t now = sys_clock_ns() / NS_PER_MS;
		int left = milliseconds < 0 ? -1 : end > now ? (int)(end - now) : 0, peer, err;
		struct child_held held;
		bool turned_away;
		char sig;

		err = sys_poll_either(stop[0], listener, left);
		if (err == 0)
			return sys_read(stop[0], &sig, 1) == 1 ? sig : -EIO;
		peer = err < 0 ? err : sys_accept(listener);
		if (peer < 0)
			return peer;
		held = (struct child_held) { peer, -1 };
		protect_peer(&held);
		err = is_peer_allowed(peer, uid);
		turned_away = err == 0;
		if (err > 0)
			err = sys_send_fd(peer, device);
		release(&held);
		if (!turned_away)
			return err;
	}
}

/* Remove the socket if it is still the one that this process made. */
static void remove_socket(const char *name, const struct sys_stat *made)
{
	struct sys_stat now;

	if (*name != '@' && sys_stat_path(name, O_NOFOLLOW, true, &now) == 0 && now.inode == made->inode
	    && now.dev_major == made->dev_major && now.dev_minor == made->dev_minor)
		sys_unlink(name);
}

int hand_out_send(const char *path, uid_t uid, int device, int milliseconds)
{
	char text[256];
	const char *name;
	struct sys_stat made = { .inode = 0 };
	struct child_held held;
	int err = enter_directory(path, text, &name);
	int listener = err ? err : sys_listen(name, uid, &made);

	if (listener < 0)
		return listener;
	held = (struct child_held) { listener, -1 };
	err = protect(&held);
	if (!err)
		err = send_to_first(listener, uid, device, milliseconds);
	remove_socket(name, &made);
	release(&held);
	return err;
}
