/* SPDX-License-Identifier: MIT */
/* wait_holders: see wait_holders.h. */
#include "wait_holders.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "msg.h"
#include "opt.h"
#include "proc/proc.h"
#include "mount/table.h"
#include "target/unmount.h"

const struct opt fumount_wait_options[] = {
	OPT('w', "wait", OPT_NUMBER, struct fumount, wait, "SECONDS", "wait until no process holds it"),
	OPT('k', "kill", OPT_MAYBE, struct fumount, kill, "SIGNAL", "signal the processes that hold it first (TERM)"),
};

static const struct { int number; char name[5]; } signals[] = {
	{ SIGTERM, "" }, { SIGTERM, "TERM" }, { SIGKILL, "KILL" }, { SIGHUP, "HUP" }, { SIGINT, "INT" },
	{ SIGQUIT, "QUIT" }, { SIGUSR1, "USR1" }, { SIGUSR2, "USR2" }, { SIGCONT, "CONT" },
};

int wait_holders_signal_number(const char *name)
{
	uint64_t number;

	if (opt_number(name, 64, &number) == 0)
		return (int)number;
	name += strncmp(name, "SIG", 3) == 0 ? 3 : 0;
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	return -EINVAL;
}

struct signalling { const struct report *to; int signal; const struct target *target; };

/* Hold the process, and check again that it holds the mount: the kernel reuses pids. The search may
   have taken long, and the mount's device number be another mount's by now. */
static int signal_checked(const struct signalling *k, int pid)
{
	struct proc_held held;
	int err = pid == 1 ? -EPERM : proc_hold(&held, pid);

	if (err)
		return err;
	err = holder_is(pid, k->target->major, k->target->minor) && target_is_same(k->target)
	      ? proc_signal(&held, k->signal) : -ESRCH;
	proc_release(&held);
	return err;
}

static int signal_holder(const struct holder *h, void *data)
{
	const struct signalling *k = data;
	int err = signal_checked(k, h->pid);

	report(k->to, "signalled", "%d (%s): %s", h->pid, h->command, err ? msg_reason(err) : "signalled");
	return 0;
}

static int copy_first_holder(const struct holder *h, void *data)
{
	*(struct holder *)data = *h;
	return 1;
}

static bool is_interactive(const struct report *to)
{
	return !to->quiet && !to->json && sys_terminal_width(2);
}

/* Rewrite one line of the terminal. */
static void show_waiting(const struct report *to, const struct target *t, uint64_t seconds)
{
	struct holder h = { .pid = 0 };
	char line[256];
	struct out out = OUT_FD(line, 2);

	if (!is_interactive(to))
		return;
	holders_each(t->major, t->minor, copy_first_holder, &h);
	out.escape = true;
	out_fmt(&out, "\r%s: %s: %llu s, waiting for ", msg_applet, to->object, (unsigned long long)seconds);
	if (h.pid)
		out_fmt(&out, "%d (%s)", h.pid, h.command);
	else
		out_str(&out, "its holders");
	out_str(&out, "\033[K\r");
	out_flush(&out);
}

int wait_holders(const struct report *to, const struct target *t, int signal, int seconds)
{
	enum { LOOK_EVERY_MS = 100 };
	uint64_t began = sys_clock_ns(), shown = UINT64_MAX;
	struct signalling signalling = { to, signal, t };
	int err = -EBUSY;

	if (signal)
		holders_each(t->major, t->minor, signal_holder, &signalling);
	for (;;) {
		uint64_t now = (sys_clock_ns() - began) / NS_PER_S;

		if (err != -EBUSY || now >= (uint64_t)seconds)
			break;
		if (now != shown)
			show_waiting(to, t, now);
		shown = now;
		sys_sleep_ms(LOOK_EVERY_MS);
		err = unmount_target(t, UMOUNT_PLAIN);
	}
	if (shown != UINT64_MAX && is_interactive(to))
		sys_write_all(2, "\033[K", 3);
	return err;
}

struct below { const struct report *to; uint64_t id; int count; };

static int report_mount_below(const struct table_row *row, void *data)
{
	struct below *below = data;

	if (row->parent != below->id || row->id == below->id)
		return 0;
	report(below->to, "mount-below", "held by what is mounted on it: %s at %s", row->type, row->mountpoint);
	below->count++;
	return 0;
}

void wait_holders_report(const struct report *to, const struct target *t)
{
	struct below below = { to, t->id, 0 };
	struct report others = *to;

	if (to->quiet)
		return;
	others.mount_id = t->id;
	table_each(NULL, report_mount_below, &below);
	if (report_holders(to, t->major, t->minor) + below.count == 0)
		report(to, "unknown", "no process that is visible to this user holds it");
	report_binds(&others, t->major, t->minor);
}
