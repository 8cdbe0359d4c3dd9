/* SPDX-License-Identifier: MIT */
/* auto_unmount: see auto_unmount.h. */
#include "auto_unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "cli/env.h"
#include "health/server.h"
#include "sys.h"
#include "sys/child.h"
#include "mount/table.h"
#include "mount/umount.h"

enum { LOOK_EVERY_MS = 500 };

/* Detaches from the mountpoint's parent directory, so that nobody can swap names on the path. */
static void detach_mount(int parent, const struct mountpoint *at)
{
	const char *name = strrchr(at->path, '/');

	if (sys_fchdir(parent) == 0
	    && umount_known(name + 1, &at->mounted, UMOUNT_LAZY) == -EPERM)
		commfd_unmount(at->path, true);
}

/* Whether a server still has the connection open. /proc may hide the server, so ask fusectl whether
   the connection is over, and compare its identity, since the kernel reuses the number. Without
   fusectl (identity 0), the number is this connection's as long as the mount exists. */
static bool is_served(const struct mountpoint *at, uint64_t identity)
{
	const struct sys_stat *m = &at->mounted;
	uint64_t connection = m->dev_minor;

	if (identity)
		return fusectl_identity(connection) == identity && !fusectl_is_over(connection);
	/* The table knows no unique ids. */
	return table_has(m->unique_id ? 0 : m->mount_id, m->dev_major, m->dev_minor) && server_find(connection) > 0;
}

/* Wait until the program has closed its socket. Some servers close every descriptor that they did not open,
   also this one, so then wait for the end of the connection, too. */
static void __attribute__((noreturn)) watch(int socket, const struct mountpoint *at,
					    bool auto_unmount)
{
	uint64_t connection = at->mounted.dev_minor, identity;
	int parent = umount_open_parent(at->path);
	char byte;
	bool undo;

	sys_setsid();
	sys_chdir("/");
	undo = sys_read_all(socket, &byte, 1) == 1;
	/* fusectl_identity() keeps a descriptor of fusectl open, which makes fusectl busy: call it only once
	   the program has closed its end of the socket. */
	if (!undo && auto_unmount)
		for (identity = fusectl_identity(connection); is_served(at, identity); )
			sys_sleep_ms(LOOK_EVERY_MS);
	if (undo || auto_unmount)
		detach_mount(parent, at);
	sys_exit(0);
}

/* Let the descriptor survive the exec. FUSEBOX_WATCH tells its number to fusebox's own servers, which
   otherwise close inherited descriptors. */
static void pass_to_program(int socket)
{
	static char variable[32];

	text_fmt(variable, sizeof(variable), "FUSEBOX_WATCH=%d", socket);
	env_set(variable);
	sys_set_cloexec(socket, false);
}

/* Fork twice, so that the watched process need not wait for the watcher. */
int auto_unmount_start(const struct mountpoint *at, bool auto_unmount)
{
	int socket, status, child = child_fork(&socket);

	if (child == 0) {
		if (sys_fork() != 0)
			sys_exit(0);
		sys_block_signals();
		sys_close_others(&socket, 1, false);	/* /dev/fuse above all */
		watch(socket, at, auto_unmount);
	}
	if (child < 0)
		return child;
	sys_wait(child, &status);
	if (auto_unmount)
		pass_to_program(socket);
	return socket;
}

void auto_unmount_undo(int socket)
{
	char byte = 0;

	if (sys_write_all(socket, &byte, 1) == 0)
		sys_read_all(socket, &byte, 1);
}
