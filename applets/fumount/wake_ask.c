/* SPDX-License-Identifier: MIT */
/* wake_ask: see wake_ask.h. */
#include "wake_ask.h"

#include <errno.h>
#include <fcntl.h>

#include "fuse_kernel.h"
#include "health/fusectl.h"
#include "mount/table.h"
#include "proc/read.h"
#include "proc/task.h"
#include "sys.h"
#include "sys/priv.h"

enum { COUNT_MS = 1000 };

/* statfs(2) of the descriptor, which has just been seen to lie on the connection's mount. */
static int ask_at(int fd, const struct table_row *row)
{
	int64_t uid = table_owner(row), gid = table_group(row);

	if (uid >= 0 && gid >= 0)
		priv_become((uid_t)uid, (gid_t)gid, NULL, 0);
	sys_die_with_parent();	/* again: the change of the uid cleared it */
	sys_magic(fd);
	return 1;
}

static int ask_row(const struct table_row *row, void *data)
{
	const struct ask *ask = data;
	struct sys_stat st;
	int fd;

	if (!table_is_fuse(row) || table_connection(row) != ask->connection)
		return 0;
	fd = sys_open(row->mountpoint, O_PATH, 0);
	if (fd < 0)
		return 0;
	if (sys_statx(fd, "", false, &st) < 0 || st.dev_major != row->major || st.dev_minor != row->minor)
		return sys_close(fd), 0;
	return ask_at(fd, row);
}

static int run(void *data)
{
	sys_die_with_parent();
	return table_each(NULL, ask_row, data);
}

/* The child waits for the server, so it sleeps. The count alone does not tell: it grows by any process's request,
   and a little before a request can be read. It does not grow if another request ends meanwhile, and fusectl may
   not be visible: then where the process sleeps in the kernel tells. */
static bool is_sent(const struct ask *ask, int64_t before)
{
	char dir[12], wchan[64], state = task_state(ask->child.pid, ask->child.pid);

	if (state != 'S' && state != 'D')
		return false;
	if (before >= 0 && fusectl_waiting(ask->connection) > before)
		return true;
	return read_proc(read_name(ask->child.pid, dir), "wchan", wchan, sizeof(wchan)) > 0 && task_waits_for_server(wchan);
}

int ask_start(struct ask *ask, uint64_t connection)
{
	const uint64_t end = sys_clock_ns() + (uint64_t)COUNT_MS * NS_PER_MS;
	int64_t before = fusectl_waiting(connection);
	int err;

	ask->connection = connection;
	err = child_start(&ask->child, run, ask);
	if (err)
		return ask->child.pid = 0, err;
	while (!is_sent(ask, before))
		if (sys_poll_in(ask->child.socket, 1) || sys_clock_ns() >= end)
			return -ENXIO;
	return 0;
}

void ask_end(struct ask *ask)
{
	if (ask->child.pid > 0)
		child_kill(&ask->child);
}

/* The request has the child's pid as the mounting process's PID namespace numbers it, or 0. */
bool ask_is_by(const struct ask *ask, const struct wake_request *r)
{
	return r->opcode == FUSE_STATFS && (!r->pid || task_has_number(ask->child.pid, r->pid));
}
