/* SPDX-License-Identifier: MIT */
/* waiters: see waiters.h. */
#include "health/waiters.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

#include "health/fusectl.h"
#include "mount/row.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/scout.h"
#include "proc/task.h"
#include "sys.h"

enum { MOST = 16 };

/* The calls that an access to a file system comes down to. */
static const struct { uint16_t number; char name[14]; } calls[] = {
	{ SYS_read, "read" }, { SYS_write, "write" }, { SYS_close, "close" }, { SYS_openat, "openat" },
	{ SYS_pread64, "pread64" }, { SYS_pwrite64, "pwrite64" }, { SYS_getdents64, "getdents64" },
	{ SYS_statx, "statx" }, { SYS_fsync, "fsync" }, { SYS_execve, "execve" }, { SYS_chdir, "chdir" },
	{ SYS_faccessat, "faccessat" }, { SYS_readlinkat, "readlinkat" }, { SYS_unlinkat, "unlinkat" },
	{ SYS_mkdirat, "mkdirat" }, { SYS_renameat2, "renameat2" },
#ifdef SYS_newfstatat
	{ SYS_newfstatat, "newfstatat" },
#endif
#ifdef SYS_statfs
	{ SYS_statfs, "statfs" },
#endif
#ifdef SYS_open
	{ SYS_open, "open" }, { SYS_stat, "stat" }, { SYS_lstat, "lstat" }, { SYS_access, "access" },
#endif
};

static void set_call(struct waiter *w, int64_t number)
{
	struct out out = OUT_TEXT(w->call);

	for (unsigned int i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == number)
			out_str(&out, calls[i].name);
	out_text(&out);
}

/* Reads a decimal number or, after "0x", a hexadecimal one. */
static int64_t take_word(const char **at)
{
	bool hex = strncmp(*at, "0x", 2) == 0;
	int64_t n = 0;

	for (*at += hex ? 2 : 0; (**at >= '0' && **at <= '9') || (**at >= 'a' && **at <= 'f'); ++*at)
		n = n * (hex ? 16 : 10) + (**at <= '9' ? **at - '0' : **at - 'a' + 10);
	return n;
}

struct scan {
	uint32_t major, minor;
	bool sole;	/* requests wait at no other connection */
	int count;
	int (*fn)(const struct waiter *waiter, void *data);
	void *data;
};

static bool leads_there(const struct scan *s, const char *pid, int64_t fd)
{
	char path[48];
	struct sys_stat st;

	text_fmt(path, sizeof(path), "/proc/%s/fd/%lld", pid, (long long)fd);
	return fd < INT32_MAX && sys_statx(AT_FDCWD, path, false, &st) == 0
	       && st.dev_major == s->major && st.dev_minor == s->minor;
}

static bool is_waiting(const struct scan *s, const char *pid, const char *tid, struct waiter *w)
{
	char task[32], text[256];
	const char *at = text;
	int64_t number;

	text_fmt(task, sizeof(task), "%s/task/%s", pid, tid);
	if (read_proc(task, "wchan", text, sizeof(text)) <= 0 || !task_waits_for_server(text))
		return false;
	if (read_proc(task, "syscall", text, sizeof(text)) <= 0 || *text < '0' || *text > '9')
		return s->sole;
	number = take_word(&at);
	set_call(w, number);
	at += *at == ' ';
	return s->sole || leads_there(s, pid, take_word(&at));
}

/* Runs in the scout's child. */
static void look_at(struct scout *scout, const char *pid)
{
	static struct task_clock clock;
	const struct scan *s = scout->data;
	struct waiter w = { .uid = -1, .waited = -1 };
	struct proc_facts facts;
	const char *at = pid, *tid;
	struct sys_dir tasks;
	bool found = false;

	w.pid = (int)take_word(&at);
	if (task_opendir(&tasks, w.pid) != 0)
		return;
	while (!found && (tid = sys_readdir(&tasks)))
		found = is_waiting(s, pid, tid, &w);
	if (found)
		w.waited = task_idle(&clock, (int)take_word(&tid));
	sys_close(tasks.fd);
	if (!found)
		return;
	proc_command(w.pid, w.command);
	if (proc_facts(w.pid, &facts) == 0)
		w.uid = facts.uid;
	scout_report(scout, &w);
}

static int take_waiter(struct scout *scout, const void *record)
{
	struct scan *s = scout->data;
	int result = s->fn(record, s->data);

	return result ? result : ++s->count == MOST;
}

struct sole { uint64_t connection; bool others; };

static int note_others(uint64_t connection, void *data)
{
	struct sole *sole = data;

	sole->others |= connection != sole->connection && fusectl_waiting(connection) != 0;
	return sole->others;
}

int waiters_each(uint32_t major, uint32_t minor, int (*fn)(const struct waiter *, void *), void *data)
{
	struct sole sole = { .connection = connection_of_device(major, minor) };
	struct scan scan = { .major = major, .minor = minor, .fn = fn, .data = data };
	struct scout scout = { .size = sizeof(struct waiter), .look = look_at, .fn = take_waiter, .data = &scan };

	scan.sole = fusectl_each(note_others, &sole) == 0;
	return scout_each(&scout);
}
