/* SPDX-License-Identifier: MIT */
/* poll: wait for descriptors. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <poll.h>

#include "call.h"

/* Restarts after EINTR, with the full timeout. */
static int poll_again(struct pollfd *p, nfds_t count, int milliseconds)
{
	int n;

	do
		n = (int)call_result(poll(p, count, milliseconds));
	while (n == -EINTR);
	return n;
}

int sys_poll_in(int fd, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll_again(&p, 1, milliseconds);
}

int sys_poll_alive(int fd, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = poll_again(&p, 1, milliseconds);

	return n > 0 && p.revents & (POLLERR | POLLHUP | POLLNVAL) ? -EPIPE : n;
}

int sys_poll_either(int first, int second, int milliseconds)
{
	struct pollfd p[2] = { { .fd = first, .events = POLLIN }, { .fd = second, .events = POLLIN } };
	int n = poll_again(p, 2, milliseconds);

	return n < 0 ? n : n == 0 ? -ETIMEDOUT : !p[0].revents;
}

void sys_poll_hangup(int socket)
{
	struct pollfd p = { .fd = socket, .events = POLLRDHUP };

	poll_again(&p, 1, -1);
}

int sys_poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int err = poll_again(&p, 1, 0);

	return err < 0 ? err : p.revents;
}

void sys_sleep_ms(int milliseconds)
{
	poll_again(NULL, 0, milliseconds);
}
