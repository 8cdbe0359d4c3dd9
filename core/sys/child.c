/* SPDX-License-Identifier: MIT */
/* child: see child.h. */
#include "sys/child.h"

#include <errno.h>
#include <signal.h>

#include "sys.h"

int child_fork(int *socket)
{
	int pair[2], pid, err = sys_socketpair(pair);

	if (err < 0)
		return err;
	pid = sys_fork();
	*socket = pair[pid == 0];
	sys_close(pair[pid != 0]);
	if (pid < 0)
		sys_close(*socket);
	return pid;
}

int child_start(struct child *a, int (*fn)(void *data), void *data)
{
	int result;

	a->pid = child_fork(&a->socket);
	if (a->pid == 0) {
		result = fn(data);
		sys_write_all(a->socket, &result, sizeof(result));
		sys_exit(0);
	}
	return a->pid < 0 ? a->pid : 0;
}

/* A child that waits for a user's server is deaf to SIGKILL, and one that has fetched a descriptor of a user's
   process can block as it ends, in close(2): leave such a child behind. */
static void reap(int pid, int tries)
{
	int status;

	for (int i = 0; i < tries && sys_wait_ended(pid, &status) == 0; i++)
		sys_sleep_ms(i);
}

int child_wait(struct child *a, int milliseconds)
{
	enum { TRIES = 45 };	/* a second */
	int result;

	if (sys_poll_in(a->socket, milliseconds) <= 0)
		return -ETIMEDOUT;
	if (sys_read_all(a->socket, &result, sizeof(result)) != sizeof(result))
		result = -EIO;
	sys_close(a->socket);
	reap(a->pid, TRIES);
	return result;
}

/* The first processes that block get a long time limit, so that a busy machine hides none; later ones get a
   short one, since a user can have many. */
int child_patience(int lost)
{
	enum { LONG_MS = 1000, SHORT_MS = 50, LONG_WAITS = 3 };

	return lost < LONG_WAITS ? LONG_MS : SHORT_MS;
}

static int run(int (*fn)(void *data), void *data, int milliseconds, void (*give_up)(struct child *))
{
	struct child a;
	int result = child_start(&a, fn, data);

	if (result)
		return result;
	result = child_wait(&a, milliseconds);
	if (result == -ETIMEDOUT)
		give_up(&a);
	return result;
}

int child_run(int (*fn)(void *data), void *data, int milliseconds)
{
	return run(fn, data, milliseconds, child_kill);
}

int child_run_on(int (*fn)(void *data), void *data, int milliseconds)
{
	return run(fn, data, milliseconds, child_leave);
}

void child_kill(struct child *a)
{
	enum { TRIES = 10 };

	sys_close(a->socket);
	sys_kill(a->pid, SIGKILL);
	reap(a->pid, TRIES);
}

void child_leave(struct child *a)
{
	sys_close(a->socket);
}

/* At the end of its input the child waits for its death signal: it comes when the parent has ended, and so has closed
   its own socket. */
static void __attribute__((noreturn)) hold(int held, int socket, int parent)
{
	const int kept[] = { held, socket };
	char byte = 0;

	sys_die_with_parent();
	if (sys_getppid() != parent)
		sys_exit(1);
	sys_block_signals();
	sys_name_process("fuse-holder");
	sys_close_stdio(kept, 2);
	sys_close_others(kept, 2, false);
	sys_release_program();
	sys_write(socket, &byte, 1);
	if (sys_read(socket, &byte, 1) != 1)
		for (;;)
			sys_sleep_ms(-1);
	sys_exit(0);
}

int child_hold(struct child_held *held)
{
	int parent = sys_getpid(), socket, pid;
	char byte;

	if (held->holder >= 0)
		return 0;
	pid = child_fork(&socket);
	if (pid == 0)
		hold(held->socket, socket, parent);
	if (pid < 0)
		return pid;
	if (sys_read_all(socket, &byte, 1) != 1)
		return sys_close(socket), -EIO;
	held->holder = socket;
	return 0;
}

void child_release(struct child_held *held)
{
	if (held->socket >= 0)
		sys_close(held->socket);
	if (held->holder >= 0) {
		sys_send_as(held->holder, sys_getuid(), "", 1, -1);	/* no SIGPIPE if the child was killed */
		sys_close(held->holder);
	}
	*held = CHILD_HELD_NONE;
}
