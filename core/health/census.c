/* census: see census.h. */
#include "health/census.h"

#include <errno.h>

#include "health/fusectl.h"
#include "proc/proc.h"
#include "health/server.h"
#include "sys.h"

enum { FIRST_ROOM = 64, OTHERS = 3 };

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
	if (census_find(c, connection))
		return 0;
	if ((c->count == c->room && grow(c) < 0)
	    || map_add(&c->index, connection, (uint32_t)c->count) < 0)
		return -ENOMEM;
	c->conns[c->count++] = (struct conn) {
		.connection = connection, .identity = c->identify ? conn_identity(connection) : 0,
	};
	return 0;
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

		conn->waiting = conn_waiting(conn->connection);
		conn->over = conn->waiting >= 0 && conn_is_over(conn->connection);
	}
}

static void take_opener(struct census *c, int pid)
{
	enum { OPENERS = sizeof(c->openers) / sizeof(*c->openers) };

	for (int i = 0; i < c->opener_count && i < OPENERS; i++)
		if (c->openers[i] == pid)
			return;
	if (c->opener_count < OPENERS)
		c->openers[c->opener_count] = pid;
	c->opener_count++;
}

/* It kept what it had of a connection that is over, whose number another has now. */
static bool is_of_another(const struct server *server, const struct conn *conn)
{
	return conn->waiting >= 0 && !conn_is_over(conn->connection) && server_is_over(server);
}

static int take_server(const struct server *server, void *data)
{
	struct conn *conn = census_find(data, server->connection);

	if (server->connection == SERVER_NOT_TOLD)
		take_opener(data, server->pid);
	if (!conn || server->pid == sys_getpid() || is_of_another(server, conn))
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
	c->hidden = server_each(take_server, c) != 0;
}

/* ---- Watching ---- */

enum { TASKS = 1024, FEW = 50 };

/* Processes that wait for an answer: the same one, never switched to meanwhile, is
   still in the same wait. */
struct tasks { struct { int tid; uint64_t switches; } task[TASKS]; size_t count; };
struct second_look { const struct tasks *before; uint64_t sent, same, same_sent; };

static void note_task(int tid, bool sent, uint64_t switches, void *data)
{
	struct tasks *t = data;

	(void)sent;
	if (t->count < TASKS) {
		t->task[t->count].tid = tid;
		t->task[t->count++].switches = switches;
	}
}

static void compare_task(int tid, bool sent, uint64_t switches, void *data)
{
	struct second_look *look = data;

	look->sent += sent;
	for (size_t i = 0; i < look->before->count; i++)
		if (look->before->task[i].tid == tid && look->before->task[i].switches == switches) {
			look->same++;
			look->same_sent += sent;
		}
}

/* The server's threads, all of them; one server of thousands is asked once. */
static uint64_t switches_of(const struct conn *conn)
{
	static int last_pid;
	static uint64_t last, last_time;
	uint64_t now = sys_clock_ns() / 1000000, sum;

	if (conn->pid != last_pid || now > last_time + 10) {
		last_pid = conn->pid;
		last = proc_switches(conn->pid);
		last_time = now;
	}
	sum = last;
	for (int i = 0; i < OTHERS && conn->others[i]; i++)
		sum += proc_switches(conn->others[i]);
	return sum;
}

static size_t begin(struct census *c)
{
	size_t watched = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct conn *conn = c->conns + i;

		/* Without fusectl nobody tells how many wait. */
		conn->stuck = conn->quiet = conn->waiting != 0;
		if (!conn->stuck)
			continue;
		watched++;
		conn->first = conn->waiting > 0 ? (uint64_t)conn->waiting : 0;
		conn->quiet = conn->pid && !conn->many;
		conn->switches = conn->pid ? switches_of(conn) : 0;
		conn->ran = sys_clock_ns();
	}
	return watched;
}

static size_t look(struct census *c)
{
	size_t left = 0;
	uint64_t switches;

	for (size_t i = 0; i < c->count; i++) {
		struct conn *conn = c->conns + i;
		int64_t now;

		if (!conn->stuck)
			continue;
		now = conn_waiting(conn->connection);
		conn->stuck = conn->waiting < 0 || now >= conn->waiting;
		conn->waiting = now;
		switches = conn->quiet ? switches_of(conn) : 0;
		if (switches != conn->switches)
			conn->ran = sys_clock_ns();
		conn->switches = switches;
		left += conn->stuck;
	}
	return left;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Requests that wait all the time may be others each time, unless their server did
   not run: then processes that waited all the time are needed to say so, and more of
   them than ever waited elsewhere (`least`: everywhere), or for servers that did not run. */
static void conclude(struct census *c, const struct second_look *last, uint64_t quiet_since, uint64_t least)
{
	uint64_t here = 0, first = 0, quiet = 0, elsewhere;

	for (size_t i = 0; i < c->count; i++) {
		struct conn *conn = c->conns + i;
		uint64_t waiting = conn->stuck && conn->waiting > 0 ? (uint64_t)conn->waiting : 0;

		conn->quiet = conn->quiet && conn->ran <= quiet_since;
		here += waiting;
		first += waiting ? conn->first : 0;
		quiet += conn->quiet ? waiting : 0;
	}
	elsewhere = minus(least, first);
	/* Who waited all the time for an answer: elsewhere, for a lock, or more likely here. */
	c->sent = last->same_sent || last->sent > minus(conn_waiting_everywhere(), here);
	for (size_t i = 0; i < c->count; i++)
		if (c->conns[i].stuck && (!c->conns[i].quiet || c->conns[i].waiting < 0))
			c->conns[i].stuck = last->same > elsewhere + quiet;
}

static void watch(struct census *c, int milliseconds)
{
	static struct tasks before;
	struct second_look last = { .before = &before };
	size_t watched = begin(c), left;
	uint64_t length = (uint64_t)milliseconds * 1000000, end = sys_clock_ns() + length, least = UINT64_MAX;

	if (!watched)
		return;
	before.count = 0;
	proc_each_waiting(note_task, &before);
	do {
		uint64_t now;

		sys_sleep_ms(watched > FEW ? milliseconds / 3 : 50);
		left = look(c);
		now = conn_waiting_everywhere();
		if (now < least)
			least = now;
	} while (left && sys_clock_ns() < end);
	proc_each_waiting(compare_task, &last);
	conclude(c, &last, end - length * 2 / 3, least);
}

void census_look(struct census *c, int milliseconds)
{
	count_waiting(c);
	find_servers(c);
	if (milliseconds)
		watch(c, milliseconds);
	for (size_t i = 0; !milliseconds && i < c->count; i++)
		c->conns[i].stuck = c->conns[i].waiting > 0;
}

enum conn_state census_state(const struct census *c, const struct conn *conn)
{
	if (conn->over)
		return conn->pid ? CONN_ABORTED : CONN_DEAD;
	if (conn->stuck && (conn->quiet || !conn->pid))
		return c->sent ? CONN_HUNG : CONN_STARTING;
	if (conn->waiting < 0 && !conn->pid && !c->hidden)
		return CONN_DEAD;	/* without fusectl nothing else tells */
	return conn->pid ? CONN_SERVING : CONN_UNKNOWN;
}

bool census_answers(enum conn_state state)
{
	return state == CONN_SERVING || state == CONN_UNKNOWN;
}

const char *census_state_name(enum conn_state state)
{
	static const char *const names[] = {
		"serving", "starting", "dead", "aborted", "hung", "unknown",
	};

	return names[state];
}
