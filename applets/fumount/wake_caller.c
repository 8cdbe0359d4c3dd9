/* SPDX-License-Identifier: MIT */
/* wake_caller: see wake_caller.h. */
#include "wake_caller.h"

#include <fcntl.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/reader.h"
#include "proc/scout.h"
#include "proc/task.h"
#include "sys.h"

/* The inode number of a process's PID namespace; 0: not visible. */
static uint64_t pid_space(const char *pid)
{
	char path[32];
	struct out out = OUT_TEXT(path);
	struct sys_stat st;

	out_fmt(&out, "/proc/%s/ns/pid", pid);
	return sys_statx(AT_FDCWD, out_text(&out), true, &st) == 0 ? st.inode : 0;
}

void callers_begin(struct callers *c, int server)
{
	char text[12];
	struct out out = OUT_TEXT(text);
	uint64_t own = pid_space("self");

	out_fmt(&out, "%d", server);
	*c = (struct callers) { .own_space = own && pid_space(out_text(&out)) == own };
}

void callers_describe(struct callers *c, struct wake_request *r)
{
	if (!c->own_space || !r->pid)
		return;
	r->waited = task_idle(&c->clock, (int)r->pid);
	proc_command((int)r->pid, r->command);
}

bool callers_is_of(const struct callers *c, const struct wake_request *r, int pid)
{
	if (!r->pid)
		return false;
	return c->own_space ? task_state(pid, (int)r->pid) != '\0' : task_has_number(pid, r->pid);
}

bool callers_wait(const struct wake_request *r)
{
	char dir[12], wchan[64];

	return r->pid && reader_read(read_name((int)r->pid, dir), "wchan", wchan, sizeof(wchan)) > 0
	       && task_waits_for_server(wchan);
}

/* Runs in the scout's child. */
static void look_at(struct scout *scout, const char *name)
{
	char task[32], wchan[64];
	struct sys_dir tasks;
	const char *tid;
	uint64_t pid, number;
	struct out out;

	if (opt_number(name, INT32_MAX, &pid) < 0 || task_opendir(&tasks, (int)pid) != 0)
		return;
	while ((tid = sys_readdir(&tasks))) {
		if (opt_number(tid, INT32_MAX, &number) < 0 || task_state((int)pid, (int)number) != 'D')
			continue;
		out = OUT_TEXT(task);
		out_fmt(&out, "%s/task/%s", name, tid);
		if (read_proc(out_text(&out), "wchan", wchan, sizeof(wchan)) > 0 && wchan[0] != '0' && !task_waits_for_server(wchan))
			scout_report(scout, &pid);
	}
	sys_close(tasks.fd);
}

static int stop_scout(struct scout *scout, const void *record)
{
	(void)scout, (void)record;
	return 1;
}

bool callers_may_come(void)
{
	struct scout scout = { .size = sizeof(uint64_t), .look = look_at, .fn = stop_scout };

	return scout_each(&scout) > 0;
}
