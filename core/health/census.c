/* SPDX-License-Identifier: MIT */
/* census: see census.h. */
#include "health/census.h"

#include <errno.h>
#include <string.h>

#include "health/fusectl.h"
#include "proc/proc.h"
#include "proc/reader.h"
#include "health/server.h"
#include "opt.h"
#include "sys.h"

enum { FIRST_ROOM = 64, OTHERS = 3, OPENERS = 4 };

static int grow(struct census *c)
{
	size_t room = c->room ? c->room * 2 : FIRST_ROOM;
	struct conn *conns = sys_more_pages(c->conns, c->room * sizeof(*conns), room * sizeof(*conns));

	if (!conns)
		return -ENOMEM;
	c->conns = conns;
	c->room = room;
	return 0;
}

struct conn *census_find(const struct census *c, uint64_t connection)
{
	uint32_t *at = map_find(&c->index, connection);

	return at ? c->conns + *at : NULL;
}

int census_add(struct census *c, uint64_t connection)
{
	struct conn *conn;
	int err;

	if (census_find(c, connection))
		return 0;
	if ((c->count == c->room && grow(c) < 0)
	    || map_add(&c->index, connection, (uint32_t)c->count) < 0)
		return -ENOMEM;
	conn = c->conns + c->count++;
	*conn = (struct conn) { .connection = connection };
	if (c->identify) {
		err = fusectl_identify(connection, &conn->identity);
		conn->unidentified = err && err != -ENOENT;
	}
	return 0;
}

bool census_is_same(const struct conn *conn)
{
	uint64_t now;
	int err = fusectl_identify(conn->connection, &now);

	return err ? err != -ENOENT : conn->unidentified || conn->identity == now;
}

void census_free(struct census *c)
{
	if (c->room)
		sys_free_pages(c->conns, c->room * sizeof(*c->conns));
	map_free(&c->index);
	*c = (struct census) { .identify = c->identify };
}

static void count_waiting(struct census *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct conn *conn = c->conns + i;

		conn->waiting = fusectl_waiting(conn->connection);
		conn->over = conn->waiting >= 0 && fusectl_is_over(conn->connection);
	}
}

static void add_opener(struct census *c, int pid)
{
	for (int i = 0; i < c->opener_count && i < OPENERS; i++)
		if (c->openers[i] == pid)
			return;
	if (c->opener_count < OPENERS)
		c->openers[c->opener_count] = pid;
	c->opener_count++;
}

/* The server's own connection is over, and the kernel has given its number to conn. */
static bool has_older_connection(const struct server *server, const struct conn *conn)
{
	return conn->waiting >= 0 && !fusectl_is_over(conn->connection) && server_is_over(server);
}

/* A number, or thousands (k) of it. Changes the text. False: it is none. */
static bool read_restarts(char *text, uint64_t *restarts)
{
	size_t last = strlen(text) - 1;
	uint32_t unit = *text && text[last] == 'k' ? 1000 : 1;

	if (unit > 1)
		text[last] = '\0';
	if (opt_number(text, UINT32_MAX / unit, restarts) < 0)
		return false;
	*restarts *= unit;
	return true;
}

/* Whether the process only looks after a server, and does not serve itself. fmount --keep tells by its command name
   what it is and how often it has started a server. It has the device open, as have its helpers, but none reads it:
   only a keeper that relays does, as the server whose requests it passes on. */
static bool is_keeper(int pid, struct conn *conn)
{
	static const char *const names[] = { SERVER_STORE, SERVER_WAKER, SERVER_ASKER, SERVER_NOTIFIER, SERVER_GUARD,
		SERVER_UNMOUNTER };
	char command[16];
	uint64_t restarts;
	char *number;
	bool relays;

	proc_command(pid, command);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(command, names[i]) == 0)
			return true;
	number = strchr(command, ':');
	relays = strncmp(command, "fuse-relay:", 11) == 0;
	if ((!relays && strncmp(command, "fuse-keep:", 10) != 0) || !read_restarts(number + 1, &restarts))
		return false;
	/* A keeper ends with its connection. If this connection is over, the keeper had an earlier one with the same number. */
	if (conn && !conn->over) {
		conn->keeper = pid;
		conn->restarts = (uint32_t)restarts;
		conn->relays = relays;
	}
	return !relays;
}

static int add_server(const struct server *server, void *data)
{
	struct conn *conn = census_find(data, server->connection);

	if (server->connection == SERVER_NOT_TOLD && !is_keeper(server->pid, NULL))
		add_opener(data, server->pid);
	if (!conn || server->pid == sys_getpid() || has_older_connection(server, conn) || is_keeper(server->pid, conn))
		return 0;
	if (!conn->pid)
		conn->pid = server->pid;
	if (server->pid == conn->pid)
		return 0;
	for (int i = 0; i < OTHERS; i++) {
		if (!conn->others[i])
			conn->others[i] = server->pid;
		if (conn->others[i] == server->pid)
			return 0;
	}
	conn->many = true;
	return 0;
}

static void find_servers(struct census *c)
{
	int err = server_each(add_server, c);

	c->hidden = err != 0;
	c->untold = err == -ENODATA;
}

/* ---- Watching ---- */

enum { FEW = 50 };

/* Lists the connection's servers or, if fdinfo does not show connections, the processes of which
   one must be its server. */
static int list_servers(const struct census *c, const struct conn *conn, int pids[OPENERS])
{
	bool guess = !conn->pid && c->untold && c->opener_count <= OPENERS;
	int count = 0;

	for (int i = 0; guess && i < c->opener_count; i++)
		pids[count++] = c->openers[i];
	if (conn->pid)
		pids[count++] = conn->pid;
	for (int i = 0; conn->pid && i < OTHERS && conn->others[i]; i++)
		pids[count++] = conn->others[i];
	return count;
}

static uint64_t sum_activity(const int *pids, int count)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += proc_activity(pids[i]);
	return sum;
}

static bool are_stopped(const int *pids, int count)
{
	for (int i = 0; i < count; i++)
		if (!proc_stopped(pids[i]))
			return false;
	return count > 0;
}

static int64_t sum_written(const int *pids, int count)
{
	int64_t sum = 0;

	for (int i = 0; i < count; i++) {
		int64_t written = proc_written(pids[i]);

		if (written < 0)
			return -1;
		sum += written;
	}
	return sum;
}

/* A single server may serve thousands of connections: reuse its last sample for a moment. */
static void sample_servers(const int *pids, int count, bool whole, struct health_sample *s)
{
	enum { REUSE_NS = 10 * NS_PER_MS };
	static struct health_sample last;
	static int last_pid;
	static bool last_whole;
	uint64_t now = sys_clock_ns();

	if (count != 1 || pids[0] != last_pid || whole > last_whole || now > last.time + REUSE_NS) {
		last = (struct health_sample) { .time = now, .activity = sum_activity(pids, count) };
		last.stopped = whole && are_stopped(pids, count);
		last_pid = count == 1 ? pids[0] : 0;
		last_whole = whole;
	}
	s->activity = last.activity;
	s->stopped = last.stopped;
}

/* whole: include the fields that only the first and the last sample need. */
static void take_sample(const struct census *c, struct conn *conn, bool whole, struct health_sample *s)
{
	int pids[OPENERS];

	s->time = sys_clock_ns();
	s->waiting = conn->waiting;
	s->over = conn->over;
	s->servers = list_servers(c, conn, pids);
	s->candidates = !conn->pid;
	s->more = conn->many;
	s->kept = conn->keeper;
	sample_servers(pids, s->servers, whole, s);
}

static size_t take_first_samples(struct census *c)
{
	size_t watched = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct conn *conn = c->conns + i;

		conn->before = (struct health_sample) { .written = -1 };
		take_sample(c, conn, true, &conn->before);
		conn->after = conn->before;
		conn->after.ran = conn->before.time;
		conn->watched = !conn->over && (conn->waiting > 0 || conn->before.stopped);
		watched += conn->watched;
	}
	return watched;
}

/* Returns whether to keep watching: the server has not answered, has not run, or was stopped. */
static bool update_sample(const struct census *c, struct conn *conn, bool whole)
{
	struct health_sample *s = &conn->after;
	uint64_t activity = s->activity;
	int64_t now = fusectl_waiting(conn->connection);

	s->answered |= now < conn->waiting;
	conn->waiting = now;
	if (whole)
		conn->over = now >= 0 && fusectl_is_over(conn->connection);
	take_sample(c, conn, whole, s);
	if (whole && health_waited(&conn->before, s)) {
		int pids[OPENERS];

		s->written = sum_written(pids, list_servers(c, conn, pids));
	}
	if (s->activity != activity)
		s->ran = s->time;
	return !s->answered || s->ran == conn->before.time || conn->before.stopped;
}

static size_t update_samples(struct census *c, bool whole)
{
	size_t left = 0;

	for (size_t i = 0; i < c->count; i++)
		if (c->conns[i].watched)
			left += update_sample(c, c->conns + i, whole);
	return left;
}

static void watch(struct census *c, size_t watched, int milliseconds)
{
	uint64_t begin = sys_clock_ns(), end = begin + (uint64_t)milliseconds * NS_PER_MS;
	size_t left;

	do {
		if (c->progress)
			c->progress((int)((sys_clock_ns() - begin) / NS_PER_MS));
		sys_sleep_ms(watched > FEW ? milliseconds / 3 : 50);
		left = update_samples(c, false);
	} while (left && sys_clock_ns() < end);
	update_samples(c, true);
}

void census_look(struct census *c, int milliseconds)
{
	size_t watched;

	count_waiting(c);
	find_servers(c);
	watched = take_first_samples(c);
	if (watched && milliseconds)
		watch(c, watched, milliseconds);
	reader_end();
}

enum conn_state census_state(const struct conn *conn)
{
	return health_judge(&conn->before, &conn->after);
}

bool census_blocks(const struct conn *conn)
{
	return health_blocks(&conn->before, &conn->after);
}

uint64_t census_waited(const struct conn *conn)
{
	return health_waited(&conn->before, &conn->after) ? (conn->after.time - conn->before.time) / NS_PER_MS : 0;
}

bool census_answers(const struct conn *conn)
{
	return health_answers(&conn->before, &conn->after);
}

const char *census_state_name(enum conn_state state)
{
	static const char *const names[] = {
		"serving", "starting", "stopped", "hung", "dead", "aborted", "unknown", "restarting",
	};

	return names[state];
}
