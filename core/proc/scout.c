/* SPDX-License-Identifier: MIT */
/* scout: see scout.h. */
#include "proc/scout.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "sys.h"
#include "sys/child.h"

enum what { LOOKING, RECORD, HIDDEN, DONE };
struct message { int32_t what, pid; char record[SCOUT_RECORD]; };

/* ---- The child ---- */

static void send_message(const struct scout *s, enum what what, int pid, const void *record)
{
	struct message m = { .what = (int32_t)what, .pid = pid };
	size_t size = record ? s->size : 0;

	if (record)
		memcpy(m.record, record, size);
	if (sys_write_all(s->socket, &m, offsetof(struct message, record) + size) < 0)
		sys_exit(0);
}

void scout_report(struct scout *s, const void *record)
{
	send_message(s, RECORD, 0, record);
}

void scout_hidden(struct scout *s)
{
	send_message(s, HIDDEN, 0, NULL);
}

void scout_extend(struct scout *s)
{
	send_message(s, LOOKING, 0, NULL);
}

struct round { struct scout *scout; int after; };

/* /proc lists processes in ascending order. */
static int look_at(const char *name, void *data)
{
	const struct round *r = data;
	uint64_t pid;

	if (opt_number(name, INT32_MAX, &pid) < 0 || (int)pid <= r->after || (int)pid == sys_getpid())
		return 0;
	send_message(r->scout, LOOKING, (int)pid, NULL);
	r->scout->look(r->scout, name);
	return 0;
}

/* This process may never end, so close the pipes whose readers wait for the last writer. */
static void __attribute__((noreturn)) scout_child(struct scout *s, int after)
{
	struct round round = { s, after };
	char name[12];
	int err;

	sys_close_stdio(&s->socket, 1);
	sys_close_others(&s->socket, 1, true);
	sys_chdir("/");
	err = s->pid ? look_at(read_name(s->pid, name), &round) : proc_each(look_at, &round);
	send_message(s, DONE, err, NULL);
	sys_exit(0);
}

/* ---- The caller ---- */

static int start_child(struct scout *s, int after)
{
	int child = child_fork(&s->socket);

	if (child == 0)
		scout_child(s, after);
	return child;
}

static int receive(const struct scout *s, int milliseconds, struct message *m)
{
	const size_t head = offsetof(struct message, record);

	if (sys_poll_in(s->socket, milliseconds) <= 0 || sys_read_all(s->socket, m, head) != (ssize_t)head)
		return -ETIMEDOUT;
	return m->what == RECORD && sys_read_all(s->socket, m->record, s->size) != (ssize_t)s->size ? -ETIMEDOUT : 0;
}

/* Takes the messages of one child. Sets *at to the process that it looked at last. Returns 0 at the
   end, -ETIMEDOUT if the child blocks, or fn()'s result. */
static int take_messages(struct scout *s, int limit, int *at, bool *hidden)
{
	static struct message m;
	int result = 0;

	while (!result) {
		result = receive(s, limit, &m);
		if (result || m.what == DONE)
			return result ? result : m.pid;
		if (m.what == LOOKING && m.pid)
			*at = m.pid;
		*hidden |= m.what == HIDDEN;
		if (m.what == RECORD)
			result = s->fn(s, m.record);
	}
	return result;
}

int scout_each(struct scout *s)
{
	bool hidden = false;
	int at = 0, result;

	for (int lost = 0;; lost++) {
		int before = at, child = start_child(s, at);

		if (child < 0)
			return child;
		result = take_messages(s, child_patience(lost), &at, &hidden);
		child_kill(&(struct child) { child, s->socket });
		if (result != -ETIMEDOUT)
			break;
		hidden = true;
		if (s->pid || at == before)
			break;
	}
	return result == -ETIMEDOUT || (!result && hidden) ? -EAGAIN : result;
}
