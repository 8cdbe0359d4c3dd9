/* SPDX-License-Identifier: MIT */
/* resolve_child: resolves a path in a child, which may never answer. */
#include <errno.h>

#include "sys.h"
#include "sys/child.h"
#include "target/resolve.h"

/* This process may never end, so close the pipes whose readers wait for the last writer. */
static void __attribute__((noreturn)) answer(int socket, const char *path, struct resolved *resolved)
{
	int err;

	sys_close_stdio(&socket, 1);
	err = resolve_here(path, resolved);
	if (sys_write_all(socket, &err, sizeof(err)) == 0 && !err
	    && sys_write_all(socket, resolved, sizeof(*resolved)) == 0) {
		sys_send_fd(socket, resolved->fd);
		if (resolved->parent >= 0)
			sys_send_fd(socket, resolved->parent);
	}
	sys_exit(0);
}

static int receive(int socket, struct resolved *resolved)
{
	enum { LIMIT_MS = 2000 };
	bool has_parent;
	int err;

	if (sys_poll_in(socket, LIMIT_MS) <= 0)
		return -ETIMEDOUT;
	if (sys_read_all(socket, &err, sizeof(err)) != sizeof(err))
		return -EIO;
	if (err)
		return err;
	if (sys_read_all(socket, resolved, sizeof(*resolved)) != sizeof(*resolved))
		err = -EIO;
	has_parent = !err && resolved->parent >= 0;
	resolved->fd = err ? -1 : sys_receive_fd(socket);
	resolved->parent = has_parent ? sys_receive_fd(socket) : -1;
	if (resolved->fd < 0 || (has_parent && resolved->parent < 0)) {
		resolve_close(resolved);
		err = -EIO;
	}
	return err;
}

static int resolve_by_child(const char *path, struct resolved *resolved)
{
	int socket, status, err, child = child_fork(&socket);

	if (child == 0)
		answer(socket, path, resolved);
	if (child < 0)
		return child;
	err = receive(socket, resolved);
	if (err == -ETIMEDOUT) {
		child_kill(&(struct child) { child, socket });
		return err;
	}
	sys_close(socket);
	sys_wait(child, &status);
	return err;
}

void resolve_in_child(void)
{
	resolve_way = resolve_by_child;
}
