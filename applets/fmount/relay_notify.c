/* SPDX-License-Identifier: MIT */
/* relay_notify: see relay_notify.h. */
#include "relay_notify.h"

#include <errno.h>

#include "sys.h"
#include "sys/keep.h"

enum { LARGEST = 2 << 20, PATIENCE_MS = 1000 };

static int child_socket = -1;

/* A process that serves has this name for the census of fuse-info. */
static void __attribute__((noreturn)) write_all(int socket, int device, int keeper)
{
	char *buffer = sys_pages(LARGEST);
	ssize_t n;

	sys_die_with_parent();
	sys_name_process("fuse-notify");
	if (!buffer || sys_getppid() != keeper)
		sys_exit(1);
	while ((n = sys_read(socket, buffer, LARGEST)) > 0)
		sys_write(device, buffer, (size_t)n);
	sys_exit(0);
}

static bool start(int device)
{
	int pair[2], keeper = sys_getpid(), pid;

	if (sys_message_pair(pair))
		return false;
	pid = sys_fork();
	if (pid == 0) {
		sys_close_others((const int[]) { pair[1], device }, 2, false);
		write_all(pair[1], device, keeper);
	}
	sys_close(pair[1]);
	if (pid < 0) {
		sys_close(pair[0]);
		return false;
	}
	sys_set_buffers(pair[0], LARGEST);
	sys_set_nonblocking(pair[0]);
	child_socket = pair[0];
	return true;
}

bool relay_notify(int device, const void *message, size_t size)
{
	struct sys_poll to = { .events = SYS_POLL_OUT };
	ssize_t n;

	if (child_socket < 0 && !start(device))
		return false;
	n = sys_write(child_socket, message, size);
	to.fd = child_socket;
	if (n == -EAGAIN && sys_poll_several(&to, 1, PATIENCE_MS) > 0)
		n = sys_write(child_socket, message, size);
	return n >= 0;
}
