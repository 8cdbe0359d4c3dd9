/* SPDX-License-Identifier: MIT */
/* server: see server.h. */
#include "health/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "health/fusectl.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/scout.h"
#include "sys.h"
#include "sys/child.h"
#include "sys/dir.h"

struct search {
	int (*fn)(const struct server *server, void *data);
	void *data;
	bool untold;	/* fdinfo does not show connections */
};

/* ---- The asker ----
 *
 * poll(2) needs a copy of the descriptor, and its process may have replaced it since the check,
 * for example by a file on a FUSE mount. Closing that file waits for its server, even in a process
 * that is killed. So a child closes it, and the parent does not wait for a child that blocks. */

struct question { int pid, fd; uint64_t connection; };
static struct { int pid, socket; bool lost; } asker;

int server_poll(int fd, uint64_t connection)
{
	struct sys_stat st;
	char name[12];
	uint64_t now;
	int err, events;

	if (sys_statx(fd, "", false, &st) < 0 || !sys_is_fuse_device(&st))
		return -ESTALE;
	err = proc_connection("self", read_name(fd, name), &now);
	if (err ? err != -ENODATA : now != connection)
		return -ESTALE;
	events = sys_poll_now(fd);
	/* fdinfo shows no connection of a device that is not in use yet, either. */
	return err && connection != SERVER_NOT_TOLD && events > 0 && (events & POLLERR) ? -ESTALE : events;
}

static int ask(const struct question *q)
{
	int fd = sys_fetch_fd(q->pid, q->fd), events;

	if (fd < 0)
		return fd;
	events = server_poll(fd, q->connection);
	if (events != -ESTALE)
		sys_close(fd);
	return events;
}

static void __attribute__((noreturn)) answer(int socket)
{
	struct question q;
	int result = 0;

	sys_name_process(SERVER_ASKER);
	sys_close_others(&socket, 1, false);	/* The reader of an inherited pipe would wait for this child to end, too. */
	while (result != -ESTALE && sys_read_all(socket, &q, sizeof(q)) == sizeof(q)) {
		result = ask(&q);
		sys_send_as(socket, sys_getuid(), &result, sizeof(result), -1);
	}
	sys_exit(0);
}

static int start_asker(void)
{
	if (asker.lost)
		return -ESTALE;
	asker.pid = child_fork(&asker.socket);
	if (asker.pid == 0)
		answer(asker.socket);
	return asker.pid < 0 ? asker.pid : 0;
}

static void end_asker(void)
{
	int status;

	if (asker.pid <= 0)
		return;
	sys_close(asker.socket);
	if (!asker.lost)
		sys_wait(asker.pid, &status);
	asker.pid = 0;
}

static int poll_of(const struct server *server)
{
	enum { LIMIT_MS = 1000 };
	const struct question q = { server->pid, server->fd, server->connection };
	int events = asker.pid > 0 ? 0 : start_asker();

	if (events)
		return events;
	if (sys_send_as(asker.socket, sys_getuid(), &q, sizeof(q), -1) < 0 || sys_poll_in(asker.socket, LIMIT_MS) <= 0
	    || sys_read_all(asker.socket, &events, sizeof(events)) != sizeof(events))
		events = -ESTALE;
	asker.lost = events == -ESTALE;
	if (asker.lost)
		end_asker();
	return events;
}

bool server_is_over(const struct server *server)
{
	int events = poll_of(server);

	return events > 0 && (events & POLLERR);
}

/* ---- In the child that looks at the processes ---- */

static bool is_device(struct scout *scout, int fds, const char *name)
{
	struct sys_stat st;
	int err = sys_statx(fds, name, false, &st);

	if (err == -EACCES)	/* The directory is readable, but not its links. */
		scout_hidden(scout);
	return !err && sys_is_fuse_device(&st);
}

static void look_at_fd(struct scout *scout, const char *pid, const char *fd)
{
	struct server server;
	uint64_t number;
	int err = proc_connection(pid, fd, &server.connection);

	if (err && err != -ENODATA)
		return;		/* closed meanwhile */
	if (err)
		server.connection = SERVER_NOT_TOLD;
	opt_number(pid, INT32_MAX, &number);
	server.pid = (int)number;
	opt_number(fd, INT32_MAX, &number);
	server.fd = (int)number;
	scout_report(scout, &server);
}

static void look_at(struct scout *scout, const char *pid)
{
	enum { MANY = 1024 };
	char path[32];
	struct sys_dir fds;
	const char *name;
	int err;

	text_fmt(path, sizeof(path), "/proc/%s/fd", pid);
	err = sys_opendir(&fds, AT_FDCWD, path);
	if (err < 0) {
		if (err != -ENOENT && err != -ESRCH)
			scout_hidden(scout);
		return;
	}
	for (unsigned int i = 1; (name = sys_readdir(&fds)); i++) {
		if (i % MANY == 0)
			scout_extend(scout);
		if (is_device(scout, fds.fd, name))
			look_at_fd(scout, pid, name);
	}
	sys_close(fds.fd);
}

static int take_server(struct scout *scout, const void *record)
{
	struct search *s = scout->data;
	struct server server;

	memcpy(&server, record, sizeof(server));
	s->untold |= server.connection == SERVER_NOT_TOLD;
	return s->fn(&server, s->data);
}

static int search(struct search *s, int pid)
{
	struct scout scout = { .pid = pid, .size = sizeof(struct server), .look = look_at, .fn = take_server, .data = s };
	int result = scout_each(&scout);

	end_asker();
	asker.lost = false;	/* The next search starts another asker. */
	return result;
}

int server_each(int (*fn)(const struct server *, void *), void *data)
{
	struct search s = { .fn = fn, .data = data };
	int result = search(&s, 0);

	if (result)
		return result < 0 ? -EAGAIN : result;
	if (!proc_is_outermost() || proc_hides())
		return -EAGAIN;
	return s.untold ? -ENODATA : 0;
}

void server_of(int pid, int (*fn)(const struct server *, void *), void *data)
{
	struct search s = { .fn = fn, .data = data };

	search(&s, pid);
}

struct wanted { uint64_t connection; int pid; };

static int is_wanted(const struct server *server, void *data)
{
	struct wanted *w = data;

	w->pid = server->pid;
	return server->connection == w->connection && !server_is_over(server);
}

int server_find(uint64_t connection)
{
	struct wanted w = { .connection = connection };
	int result = server_each(is_wanted, &w);

	/* While the descriptor is in transit over a socket, no process has it open. */
	if (result == 0 && fusectl_waiting(connection) >= 0 && !fusectl_is_over(connection))
		return -EAGAIN;
	return result > 0 ? w.pid : result;
}
