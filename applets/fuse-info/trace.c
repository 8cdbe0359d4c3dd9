/* SPDX-License-Identifier: MIT */
/* trace: see trace.h. */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "fuse_info.h"
#include "fuse_kernel.h"
#include "health/fusectl.h"
#include "msg.h"
#include "proc/proc.h"
#include "requests.h"
#include "sys.h"
#include "tracing.h"

enum { TICK_MS = 50 };

/* ---- Beginning and end ---- */

static struct tracing *running;
static volatile sig_atomic_t signalled;
static uint64_t watched, watched_identity;

/* The first signal ends the trace with its summary. While that waits for a reader of the output, a
   second signal ends the process at once; the kernel must not go on recording then. */
static void on_signal(int sig)
{
	if (signalled++) {
		tracing_stop(running);
		sys_exit(128 + sig);
	}
}

int trace_open(struct tracing *t, const char *word, uint64_t *connection)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int err;

	*connection = 0;
	err = word ? info_connection(word, connection) : 0;
	if (err)
		return err;
	running = t;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sys_catch_signal(signals[i], on_signal);
	sys_signal(SIGPIPE, SIG_IGN);	/* a failed write ends the trace */
	watched = *connection;
	watched_identity = word ? fusectl_identity(watched) : 0;
	return tracing_start(t, *connection);
}

bool trace_goes_on(const struct view *v, uint64_t until)
{
	if (signalled || v->out->error || (until && sys_clock_ns() >= until))
		return false;
	if (watched_identity && fusectl_identity(watched) != watched_identity)
		return false;
	sys_sleep_ms(TICK_MS);
	return true;
}

bool trace_is_over(const struct event *e)
{
	static bool over;

	over |= watched && !e->end && e->opcode == FUSE_INIT;
	return over;
}

uint64_t trace_close(struct tracing *t)
{
	uint64_t lost = tracing_lost(t);

	tracing_stop(t);
	return lost;
}

/* ---- Requests ---- */

struct trace {
	struct view *view;
	const struct trace_args *args;
	struct tracing tracing;
	struct requests requests;
	uint64_t began, today;	/* nanoseconds of sys_clock_ns(), and microseconds since 1970 then */
	uint64_t shown, flying, unmatched;
};

const char *trace_operations(const char *list, uint64_t *operations)
{
	for (*operations = 0;; list++) {
		size_t length = strcspn(list, ",");
		unsigned int opcode = request_opcode(list, length);

		if (!opcode)
			return list;
		*operations |= (uint64_t)1 << opcode;
		list += length;
		if (!*list)
			return NULL;
	}
}

const char *trace_error(int error, char text[12])
{
	const char *name = error ? msg_errno_name(error) : "";

	if (strcmp(name, "error") != 0)
		return name;
	return text_fmt(text, 12, "%d", -error);
}

static bool is_wanted(const struct trace *t, const struct event *sent, uint64_t took)
{
	const struct trace_args *a = t->args;

	if (a->operations && (sent->opcode >= 64 || !(a->operations >> sent->opcode & 1)))
		return false;
	if (took < (uint64_t)a->slower * NS_PER_MS)
		return false;
	return !a->pid || tracing_is_thread(sent->pid, a->pid);
}

const char *trace_operation(unsigned int opcode, char text[12])
{
	const char *name = request_name(opcode);

	if (name)
		return name;
	return text_fmt(text, 12, "%u", opcode);
}

static void show_json(struct trace *t, const struct event *sent, const struct event *end, uint64_t took)
{
	struct json *json = t->view->json;
	char command[16], text[12];

	tracing_command(&t->tracing, sent->pid, command);
	*json = (struct json) { .out = t->view->out };
	json_open(json, NULL, '{');
	json_number(json, "time_us", (int64_t)(t->today + (sent->time - t->began) / NS_PER_US));
	json_number(json, "pid", sent->pid);
	json_text(json, "command", command);
	json_text(json, "operation", trace_operation(sent->opcode, text));
	json_number(json, "unique", (int64_t)sent->unique);
	json_number(json, "request_bytes", sent->length);
	json_number(json, "reply_bytes", end ? (int64_t)end->length : -1);
	json_text(json, "error", end && end->error ? trace_error(end->error, text) : NULL);
	json_number(json, "took_us", sent->unique ? (int64_t)took / NS_PER_US : -1);
	json_bool(json, "in_flight", !end && sent->unique);
	json_close(json, '}');
	out_char(json->out, '\n');
}

static void show_text(struct trace *t, const struct event *sent, const struct event *end, uint64_t took)
{
	struct out *out = t->view->out;
	uint64_t us = (sent->time - t->began) / NS_PER_US;
	char command[16], cell[VIEW_CELL], name[12], text[12];

	tracing_command(&t->tracing, sent->pid, command);
	out_fmt(out, "%5llu.%06llu %7d ", (unsigned long long)us / US_PER_S, (unsigned long long)us % US_PER_S, sent->pid);
	view_put(out, view_fitted(command, 0, false, cell), PROC_COMMAND_MOST);
	out_fmt(out, "%-15s %7u ", trace_operation(sent->opcode, name), sent->length);
	if (end)
		out_fmt(out, "%7u %-12s ", end->length, trace_error(end->error, text));
	else
		out_fmt(out, "%7s %-12s ", "-", sent->unique ? "(in flight)" : "(not told)");
	if (sent->unique)
		out_fmt(out, "%9llu\n", (unsigned long long)took / NS_PER_US);
	else
		out_fmt(out, "%9s\n", "-");
}

/* end: NULL: the request is in flight or, without a number, its end cannot be told. */
static void show(struct trace *t, const struct event *sent, const struct event *end, uint64_t took)
{
	if (!is_wanted(t, sent, took))
		return;
	t->shown++;
	if (t->view->json)
		show_json(t, sent, end, took);
	else
		show_text(t, sent, end, took);
}

static void take_event(const struct event *e, void *data)
{
	struct trace *t = data;
	struct event sent;

	if (trace_is_over(e))
		return;
	if (e->end && requests_take(&t->requests, e, &sent))
		show(t, &sent, e, e->time - sent.time);
	else if (e->end)
		t->unmatched++;
	else if (!e->unique)
		show(t, e, NULL, 0);
	else if (requests_add(&t->requests, e) < 0)
		t->tracing.failed = true;
}

static void show_flying(const struct event *sent, void *data)
{
	struct trace *t = data;
	uint64_t before = t->shown;

	show(t, sent, NULL, sys_clock_ns() - sent->time);
	t->flying += t->shown - before;
}

static void show_summary(const struct trace *t, uint64_t lost)
{
	struct json *json = t->view->json;

	if (!json) {
		out_flush(t->view->out);
		msg("%llu request%s, %llu of them in flight; %llu sent before; %llu event%s lost%s",
		    (unsigned long long)t->shown, out_plural(t->shown), (unsigned long long)t->flying, (unsigned long long)t->unmatched,
		    (unsigned long long)lost, out_plural(lost), t->tracing.failed ? ", and some for want of memory" : "");
		return;
	}
	*json = (struct json) { .out = t->view->out };
	json_open(json, NULL, '{');
	json_number(json, "requests", (int64_t)t->shown);
	json_number(json, "in_flight", (int64_t)t->flying);
	json_number(json, "sent_before", (int64_t)t->unmatched);
	json_number(json, "lost_events", (int64_t)lost);
	json_close(json, '}');
	out_char(json->out, '\n');
}

int trace_requests(struct view *v, const struct trace_args *args)
{
	static struct trace t;
	uint64_t connection, lost, until;

	t = (struct trace) { .view = v, .args = args };
	if (trace_open(&t.tracing, args->word, &connection) < 0)
		return 1;
	t.began = sys_clock_ns();
	t.today = sys_today_us();
	until = args->seconds ? t.began + (uint64_t)args->seconds * NS_PER_S : 0;
	if (!v->json)
		out_fmt(v->out, "%12s %7s %-15s %-15s %7s %7s %-12s %9s\n", "TIME", "PID", "COMMAND", "OPERATION",
			"REQUEST", "REPLY", "ERROR", "TOOK, us");
	do {
		tracing_read(&t.tracing, take_event, &t);
		out_flush(v->out);
	} while (trace_goes_on(v, until));
	tracing_read(&t.tracing, take_event, &t);
	lost = trace_close(&t.tracing);
	requests_each(&t.requests, show_flying, &t);
	show_summary(&t, lost);
	return msg_flush(v->out);
}
