/* watch: see auto_unmount.h. */
#include "auto_unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "cli/env.h"
#include "health/server.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"

enum { LOOK_EVERY_MS = 500 };

/* By way of the directory that it is in: a name there is all that is looked up. */
static void detach(int parent, const struct mountpoint *at)
{
	const char *name = strrchr(at->path, '/');

	if (sys_fchdir(parent) == 0
	    && umount_known(name + 1, &at->mounted, UMOUNT_LAZY) == -EPERM)
		commfd_unmount(at->path, true);
}

/* A server need not be seen, or known for one; but the connection is over with its end, and
   then its number is another's. Without fusectl (identity 0) it is this mount's own while that
   is mounted. */
static bool is_served(const struct mountpoint *at, uint64_t identity)
{
	const struct sys_stat *m = &at->mounted;
	uint64_t connection = m->dev_minor;

	if (identity)
		return conn_identity(connection) == identity && !conn_is_over(connection);
	return table_has(m->mount_id, m->dev_major, m->dev_minor) && server_find(connection) > 0;
}

/* The end of the socket is the end of the server, or only that of its descriptor:
   some close all that they do not know. */
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
	/* Not before: fusectl is held from then on, and could not be unmounted. */
	if (!undo && auto_unmount)
		for (identity = conn_identity(connection); is_served(at, identity); )
			sys_sleep_ms(LOOK_EVERY_MS);
	if (undo || auto_unmount)
		detach(parent, at);
	sys_exit(0);
}

/* Over the exec, and by its number for a server of ours, which closes what it does not know. */
static void hand_on(int socket)
{
	static char variable[32];
	struct out out = OUT_TEXT(variable);

	out_fmt(&out, "FUSEBOX_WATCH=%d", socket);
	out_text(&out);
	env_set(variable);
	sys_set_cloexec(socket, false);
}

/* Nobody's child in the end: what is watched need not know of it. */
int watch_start(const struct mountpoint *at, bool auto_unmount)
{
	int pair[2], child, status, err = sys_socketpair(pair);

	if (err)
		return err;
	child = sys_fork();
	if (child == 0) {
		if (sys_fork() != 0)
			sys_exit(0);
		sys_block_signals();
		sys_close_others(pair + 1, 1, false);	/* the connection's above all */
		watch(pair[1], at, auto_unmount);
	}
	sys_close(pair[1]);
	if (child < 0) {
		sys_close(pair[0]);
		return child;
	}
	sys_wait(child, &status);
	if (auto_unmount)
		hand_on(pair[0]);
	return pair[0];
}

void watch_undo(int socket)
{
	char byte = 0;

	if (sys_write_all(socket, &byte, 1) == 0)
		sys_read_all(socket, &byte, 1);
}
