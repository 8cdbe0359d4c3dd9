/* SPDX-License-Identifier: MIT */
/* reader: see reader.h. */
#include "proc/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

#include "out.h"
#include "sys.h"
#include "sys/child.h"

struct order { bool open; char path[55]; };

static struct { struct child child; int owner, lost; } reader;	/* owner: the process that started it */

/* ---- The child ---- */

static int answer(int socket, int proc, const struct order *order)
{
	static struct { int32_t result; char text[READER_TEXT]; } a;
	int fd = sys_openat(proc, order->path, O_RDONLY, 0), err;
	size_t size = 0;

	a.result = fd < 0 ? fd : 0;
	if (fd >= 0 && !order->open)
		a.result = (int32_t)sys_read_all(fd, a.text, sizeof(a.text));
	if (a.result > 0)
		size = (size_t)a.result;
	err = sys_write_all(socket, &a, sizeof(a.result) + size);
	if (!err && fd >= 0 && order->open)
		err = sys_send_fd(socket, fd);
	if (fd >= 0)
		sys_close(fd);
	return err;
}

/* The child keeps no other descriptor open, or it would keep busy what its parent is about to unmount. */
static int serve(void *data)
{
	const int socket = reader.child.socket, proc = sys_open("/proc", O_PATH | O_DIRECTORY, 0);
	const int kept[] = { socket, proc };
	struct order order;

	(void)data;
	sys_close_stdio(kept, 2);
	sys_close_others(kept, 2, false);
	sys_chdir("/");
	while (sys_read_all(socket, &order, sizeof(order)) == sizeof(order) && answer(socket, proc, &order) == 0)
		;
	return 0;
}

/* ---- The caller ---- */

static int start(void)
{
	int err;

	/* A child that was forked meanwhile shares the socket of its parent's reader. */
	if (reader.owner == sys_getpid())
		return 0;
	err = child_start(&reader.child, serve, NULL);
	reader.owner = err ? 0 : sys_getpid();
	return err;
}

void reader_end(void)
{
	if (reader.owner == sys_getpid())
		child_kill(&reader.child);
	reader.owner = 0;
}

static bool receive(void *data, size_t size)
{
	const int socket = reader.child.socket;

	return !size || (sys_poll_in(socket, child_patience(reader.lost)) > 0
	       && sys_read_all(socket, data, size) == (ssize_t)size);
}

static int lose(void)
{
	reader.lost++;
	reader_end();
	return -ETIMEDOUT;
}

/* Returns the child's result, or -errno. */
static int ask(bool open, const char *dir, const char *file)
{
	struct order order = { .open = open };
	int32_t result;
	int err = start();

	if (err)
		return err;
	text_fmt(order.path, sizeof(order.path), "%s/%s", dir, file);
	if (sys_send_as(reader.child.socket, sys_getuid(), &order, sizeof(order), -1) < 0)
		return lose();
	return receive(&result, sizeof(result)) ? result : lose();
}

ssize_t reader_read(const char *dir, const char *file, char *text, size_t size)
{
	static char rest[READER_TEXT];
	int n = ask(false, dir, file);
	size_t len = n < 0 ? 0 : (size_t)n, kept = len < size ? len : size - 1;

	if (n >= 0 && (!receive(text, kept) || (len > kept && !receive(rest, len - kept))))
		n = lose();
	text[n < 0 ? 0 : kept] = '\0';
	return n < 0 ? n : (ssize_t)kept;
}

int reader_open(const char *dir, const char *file)
{
	int err = ask(true, dir, file), fd = err < 0 ? err : sys_receive_fd(reader.child.socket);

	return fd == -EPROTO ? lose() : fd;
}
