/* SPDX-License-Identifier: MIT */
/* report: see report.h. */
#include "health/report.h"

#include "health/binds.h"
#include "health/devices.h"
#include "msg.h"
#include "proc/proc.h"
#include "cli/user.h"

static void report_list(const struct report *to, const char *event, int err, const char *fmt, va_list args)
{
	char text[1024];
	struct out out = OUT_TEXT(text);

	if (to->quiet)
		return;
	out_vfmt(&out, fmt, args);
	out_text(&out);
	if (to->json)
		report_json(to, event, err, text);
	else
		msg("%s: %s", to->object, text);
}

void report(const struct report *to, const char *event, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_list(to, event, 0, fmt, args);
	va_end(args);
}

void report_error(const struct report *to, const char *event, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_list(to, event, err, fmt, args);
	va_end(args);
}

struct telling { const struct report *to; int count; bool dead; };

void report_waiter_facts(struct json *json, const struct waiter *w)
{
	char user[32];

	json_number(json, "pid", w->pid);
	json_text(json, "user", user_name(w->uid, user));
	json_text(json, "command", w->command);
	json_text(json, "call", *w->call ? w->call : NULL);
	json_number(json, "waited_ms", w->waited);
}

/* ": openat, for 3.2 s", as far as it is known. */
static void put_wait(struct out *out, const struct waiter *w)
{
	if (*w->call)
		out_fmt(out, ": %s", w->call);
	if (w->waited >= 60000)
		out_fmt(out, ", for %d min", w->waited / 60000);
	else if (w->waited >= 0)
		out_fmt(out, ", for %d.%d s", w->waited / 1000, w->waited % 1000 / 100);
}

static void put_caller(struct out *out, const struct waiter *w)
{
	char user[32];

	out_fmt(out, "%d (%s) of %s", w->pid, w->command, user_name(w->uid, user));
}

void report_waiter_text(struct out *out, const struct waiter *w)
{
	put_caller(out, w);
	put_wait(out, w);
}

static int report_waiter(const struct waiter *w, void *data)
{
	struct telling *t = data;
	char text[128];
	struct out out = OUT_TEXT(text);

	t->count++;
	if (!t->to->json) {
		put_caller(&out, w);
		out_str(&out, " waits for it");
		put_wait(&out, w);
		report(t->to, "waiter", "%s", out_text(&out));
		return 0;
	}
	json_open(t->to->json, NULL, '{');
	json_text(t->to->json, "event", "waiter");
	report_waiter_facts(t->to->json, w);
	json_close(t->to->json, '}');
	return 0;
}

int report_waiters(const struct report *to, uint32_t major, uint32_t minor)
{
	struct telling t = { .to = to };

	if (!to->quiet)
		waiters_each(major, minor, report_waiter, &t);
	return t.count;
}

void report_holder_facts(struct json *json, const struct holder *h)
{
	char user[32];

	json_number(json, "pid", h->pid ? h->pid : -1);
	json_text(json, "user", user_name(h->uid, user));
	json_text(json, "command", h->command);
	json_text(json, "how", holder_how_text(h->how));
	json_text(json, "file", *h->file ? h->file : NULL);
}

void report_holder_text(struct out *out, const struct holder *h)
{
	char user[32];

	if (!h->pid) {
		out_fmt(out, "%s: %s %s", h->command, holder_how_text(h->how), h->file);
		return;
	}
	out_fmt(out, "%d (%s) of %s: %s%s%s", h->pid, h->command, user_name(h->uid, user),
		holder_how_text(h->how), *h->file ? " " : "", h->file);
}

void report_holder(const struct report *to, const struct holder *h)
{
	char text[512];
	struct out out = OUT_TEXT(text);

	if (to->quiet)
		return;
	if (!to->json) {
		report_holder_text(&out, h);
		report(to, "holder", "held by %s", out_text(&out));
		return;
	}
	json_open(to->json, NULL, '{');
	json_text(to->json, "event", "holder");
	report_holder_facts(to->json, h);
	json_close(to->json, '}');
}

static int report_one_holder(const struct holder *h, void *data)
{
	struct telling *t = data;

	if (!h->pid || h->pid != t->to->except) {
		report_holder(t->to, h);
		t->count++;
	}
	return 0;
}

int report_holders(const struct report *to, uint32_t major, uint32_t minor)
{
	struct telling t = { .to = to };

	if (holders_each(major, minor, report_one_holder, &t) < 0)
		report(to, "unknown", "without /proc, what holds it is not known");
	devices_each(major, minor, report_one_holder, &t);
	return t.count;
}

static int report_one_bind(const struct table_row *row, int pid, void *data)
{
	struct telling *t = data;
	char command[16];

	if (!pid && row->id == t->to->mount_id)
		return 0;
	t->count++;
	if (pid) {
		proc_command(pid, command);
		report(t->to, t->dead ? "dead" : "namespace", t->dead
		       ? "dead as well: in the mount namespace of %d (%s), at %s"
		       : "mounted in the mount namespace of %d (%s), at %s", pid, command, row->mountpoint);
	} else {
		report(t->to, t->dead ? "dead" : "bind", t->dead ? "dead as well: %s" : "mounted at %s",
		       row->mountpoint);
	}
	return 0;
}

int report_binds(const struct report *to, uint32_t major, uint32_t minor)
{
	struct telling t = { .to = to };
	bool hidden = false;

	binds_each(major, minor, report_one_bind, &t, &hidden);
	return t.count;
}

void report_dead(const struct report *to, uint32_t major, uint32_t minor)
{
	struct telling t = { .to = to, .dead = true };
	bool hidden = false;

	if (!to->quiet)
		binds_each(major, minor, report_one_bind, &t, &hidden);
}
