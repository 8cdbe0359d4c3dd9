/* SPDX-License-Identifier: MIT */
/* top: how many requests of each operation a mount gets, and how long they take. See trace.h. */
#include <errno.h>
#include <string.h>

#include "fuse_info.h"
#include "health/fusectl.h"
#include "msg.h"
#include "requests.h"
#include "sys.h"
#include "trace.h"
#include "tracing.h"

/* Times are counted in buckets: 16 for each power of two of microseconds, so that a percentile is
   at most 6 % too high. */
enum { FINE = 16, FINE_BITS = 4, BUCKETS = 36 * FINE };

struct sum {
	uint32_t connection;
	uint16_t opcode;
	bool known;		/* the kernel tells when requests end */
	uint64_t count, request_bytes, reply_bytes, max, flying;	/* max: microseconds */
	uint32_t buckets[BUCKETS];
};

struct top {
	struct view *view;
	struct tracing tracing;
	struct requests requests;
	struct sum *sums;	/* sorted by connection and opcode */
	size_t count, room;
	uint64_t began, lost;
};

/* ---- Sums ---- */

static unsigned int bucket_of(uint64_t us)
{
	unsigned int power = 0, bucket;

	while (us >> power >= (uint64_t)2 * FINE)
		power++;
	bucket = power * FINE + (unsigned int)(us >> power);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The highest time that falls into a bucket. */
static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int power = bucket < 2 * FINE ? 0 : bucket / FINE - 1;

	return ((uint64_t)(bucket - power * FINE + 1) << power) - 1;
}

static uint64_t percentile(const struct sum *s, unsigned int percent)
{
	uint64_t ended = 0, seen = 0, wanted;
	unsigned int i = 0;

	for (unsigned int n = 0; n < BUCKETS; n++)
		ended += s->buckets[n];
	wanted = (ended * percent + 99) / 100;
	while (i < BUCKETS - 1 && (seen += s->buckets[i]) < wanted)
		i++;
	return bucket_end(i) < s->max ? bucket_end(i) : s->max;
}

static bool is_at_or_after(const struct sum *s, const struct event *e)
{
	return s->connection != e->connection ? s->connection > e->connection : s->opcode >= e->opcode;
}

/* Returns the sum of all requests with the connection and operation of this one, which may be a new sum; NULL if there
   is no memory for it. */
static struct sum *find_sum(struct top *t, const struct event *sent)
{
	size_t at = 0;

	while (at < t->count && !is_at_or_after(t->sums + at, sent))
		at++;
	if (at < t->count && t->sums[at].connection == sent->connection && t->sums[at].opcode == sent->opcode)
		return t->sums + at;
	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 32;
		struct sum *sums = sys_more_pages(t->sums, t->room * sizeof(*sums), room * sizeof(*sums));

		if (!sums) {
			t->tracing.failed = true;
			return NULL;
		}
		t->sums = sums;
		t->room = room;
	}
	memmove(t->sums + at + 1, t->sums + at, (t->count++ - at) * sizeof(*t->sums));
	t->sums[at] = (struct sum) { .connection = sent->connection, .opcode = sent->opcode };
	return t->sums + at;
}

static void add_sent(struct top *t, const struct event *e)
{
	struct sum *s = find_sum(t, e);

	if (!s)
		return;
	s->count++;
	s->request_bytes += e->length;
	s->known = e->unique != 0;
	if (e->unique && requests_add(&t->requests, e) < 0)
		t->tracing.failed = true;
}

static void add_end(struct top *t, const struct event *end)
{
	struct event sent;
	struct sum *s = requests_take(&t->requests, end, &sent) ? find_sum(t, &sent) : NULL;
	uint64_t us = s ? (end->time - sent.time) / NS_PER_US : 0;

	if (!s)
		return;
	s->known = true;
	s->reply_bytes += end->length;
	s->buckets[bucket_of(us)]++;
	s->max = us > s->max ? us : s->max;
}

static void take_event(const struct event *e, void *data)
{
	if (trace_is_over(e))
		return;
	if (e->end)
		add_end(data, e);
	else
		add_sent(data, e);
}

static void count_flying(const struct event *sent, void *data)
{
	struct sum *s = find_sum(data, sent);

	if (!s)
		return;
	s->known = true;	/* of an earlier interval, maybe */
	s->flying++;
}

/* ---- Output ---- */

struct wanted { uint64_t connection; char name[512]; };

static int take_name(const struct table_row *row, void *data)
{
	struct wanted *w = data;
	struct out out = OUT_TEXT(w->name);

	if (!table_is_fuse(row) || table_connection(row) != w->connection)
		return 0;
	out_str(&out, row->mountpoint);
	out_text(&out);
	return 1;
}

/* The first mountpoint of a connection in this mount namespace. */
static const char *mountpoint_of(uint64_t connection, struct wanted *w)
{
	*w = (struct wanted) { .connection = connection };
	return table_each(NULL, take_name, w) > 0 ? w->name : NULL;
}

/* The number of requests a second, if there were `count` in `ms` milliseconds. */
static uint64_t rate(uint64_t count, uint64_t ms)
{
	return ms ? (count * 1000 + ms / 2) / ms : 0;
}

static void show_sum_json(struct json *json, const struct sum *s, uint64_t ms)
{
	char text[12];
	bool ended = s->known && s->reply_bytes;

	json_open(json, NULL, '{');
	json_text(json, "operation", trace_operation(s->opcode, text));
	json_number(json, "count", (int64_t)s->count);
	json_number(json, "rate", (int64_t)rate(s->count, ms));
	json_number(json, "p50_us", ended ? (int64_t)percentile(s, 50) : -1);
	json_number(json, "p95_us", ended ? (int64_t)percentile(s, 95) : -1);
	json_number(json, "p99_us", ended ? (int64_t)percentile(s, 99) : -1);
	json_number(json, "max_us", ended ? (int64_t)s->max : -1);
	json_number(json, "request_bytes", (int64_t)s->request_bytes);
	json_number(json, "reply_bytes", s->known ? (int64_t)s->reply_bytes : -1);
	json_number(json, "in_flight", s->known ? (int64_t)s->flying : -1);
	json_close(json, '}');
}

static void show_sum(struct out *out, const struct sum *s, uint64_t ms)
{
	char text[12];

	out_fmt(out, "  %-15s %8llu %8llu ", trace_operation(s->opcode, text), (unsigned long long)s->count,
		(unsigned long long)rate(s->count, ms));
	if (s->known && s->reply_bytes)
		out_fmt(out, "%8llu %8llu %8llu %8llu ", (unsigned long long)percentile(s, 50),
			(unsigned long long)percentile(s, 95), (unsigned long long)percentile(s, 99),
			(unsigned long long)s->max);
	else
		out_fmt(out, "%8s %8s %8s %8s ", "-", "-", "-", "-");
	out_fmt(out, "%10llu ", (unsigned long long)s->request_bytes);
	if (s->known)
		out_fmt(out, "%10llu %6llu\n", (unsigned long long)s->reply_bytes, (unsigned long long)s->flying);
	else
		out_fmt(out, "%10s %6s\n", "-", "-");
}

static void show_mount(struct top *t, uint64_t connection)
{
	int64_t waiting = fusectl_waiting(connection);
	struct wanted w;
	const char *name = mountpoint_of(connection, &w);
	struct json *json = t->view->json;

	if (json) {
		json_open(json, NULL, '{');
		json_text(json, "mountpoint", name);
		json_number(json, "connection", (int64_t)connection);
		json_number(json, "waiting", waiting);
		json_open(json, "operations", '[');
		return;
	}
	out_fmt(t->view->out, "%s, connection %llu", name ? name : "mounted elsewhere", (unsigned long long)connection);
	if (waiting >= 0)
		out_fmt(t->view->out, ", %llu waiting", (unsigned long long)waiting);
	out_char(t->view->out, '\n');
}

static void show_mounts(struct top *t, uint64_t ms)
{
	struct json *json = t->view->json;

	for (size_t i = 0; i < t->count; i++) {
		const struct sum *s = t->sums + i;
		bool first = !i || s[-1].connection != s->connection;
		bool last = i + 1 == t->count || s[1].connection != s->connection;

		if (first)
			show_mount(t, s->connection);
		if (json)
			show_sum_json(json, s, ms);
		else
			show_sum(t->view->out, s, ms);
		if (json && last) {
			json_close(json, ']');
			json_close(json, '}');
		}
	}
}

/* Lost events make counts too low, and requests seem to be in flight. */
static void show(struct top *t, uint64_t lost)
{
	struct view *v = t->view;
	uint64_t ms = (sys_clock_ns() - t->began) / NS_PER_MS;

	requests_each(&t->requests, count_flying, t);
	if (v->json) {
		*v->json = (struct json) { .out = v->out };
		json_open(v->json, NULL, '{');
		json_number(v->json, "milliseconds", (int64_t)ms);
		json_number(v->json, "lost_events", (int64_t)lost);
		json_open(v->json, "mounts", '[');
		show_mounts(t, ms);
		json_close(v->json, ']');
		json_close(v->json, '}');
		out_char(v->out, '\n');
		return;
	}
	if (v->width)
		out_str(v->out, "\033[H\033[2J");
	out_fmt(v->out, "%-17s %8s %8s %8s %8s %8s %8s %10s %10s %6s\n", "OPERATION", "COUNT", "RATE/s",
		"p50, us", "p95, us", "p99, us", "MAX, us", "REQUESTS", "REPLIES", "FLIGHT");
	show_mounts(t, ms);
	if (!t->count)
		out_str(v->out, "no request\n");
	if (lost)
		out_fmt(v->out, "%llu event%s lost: counts are too low\n", (unsigned long long)lost, out_plural(lost));
}

/* Forget the counts, but not what is in flight. */
static void begin_interval(struct top *t)
{
	t->count = 0;
	t->began = sys_clock_ns();
}

static void look(struct top *t, int seconds)
{
	uint64_t lost, until = t->began + (uint64_t)seconds * NS_PER_S;

	do
		tracing_read(&t->tracing, take_event, t);
	while (trace_goes_on(t->view, until));
	tracing_read(&t->tracing, take_event, t);
	lost = tracing_lost(&t->tracing);
	show(t, lost - t->lost);
	t->lost = lost;
}

int trace_top(struct view *v, const struct trace_args *args, bool again)
{
	static struct top t;
	uint64_t connection;

	t = (struct top) { .view = v };
	if (trace_open(&t.tracing, args->word, &connection) < 0)
		return 1;
	do {
		begin_interval(&t);
		look(&t, args->seconds);
		out_flush(v->out);
	} while (again && trace_goes_on(v, 0));
	trace_close(&t.tracing);
	return msg_flush(v->out);
}
