/* SPDX-License-Identifier: MIT */
/* task: see task.h. */
#include "proc/task.h"

#include <fcntl.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/reader.h"
#include "sys.h"
#include "thread.h"

int task_opendir(struct sys_dir *dir, int pid)
{
	char path[32];

	text_fmt(path, sizeof(path), "/proc/%d/task", pid);
	return sys_opendir(dir, AT_FDCWD, path);
}

char task_state(int pid, int tid)
{
	char dir[32];

	text_fmt(dir, sizeof(dir), "%d/task/%d", pid, tid);
	return read_state(dir);
}

/* The number of the processor is the 39th field of stat, and so the 37th from the state on. */
static int last_processor(int tid)
{
	enum { FIELDS = 36 };
	char dir[12], text[1024];
	const char *at = "";

	if (read_proc(read_name(tid, dir), "stat", text, sizeof(text)) > 0)
		at = read_word(read_fields(text), FIELDS);
	return *at ? (int)text_number(at) : -1;
}

/* "se.exec_start : 32134137.498747": milliseconds, at which the scheduler last accounted for the
   thread's time on a processor. */
uint64_t task_last_ran(int tid, int *cpu)
{
	static const char key[] = "\nse.exec_start";
	char dir[12], text[1024];
	const char *at = read_proc(read_name(tid, dir), "sched", text, sizeof(text)) > 0 ? text_find(text, key) : NULL;
	const char *point;

	*cpu = at ? last_processor(tid) : -1;
	if (*cpu < 0)
		return 0;
	at += strlen(key);
	at += strspn(at, " :");
	point = at + strcspn(at, ".\n");
	return *point == '.' && strlen(point) > 3 ? text_number(at) * 1000 + text_number(point + 1) / 1000 : 0;
}

/* 0: this process may not run there. */
static uint64_t now_on(struct task_clock *clock, int cpu)
{
	enum { CPUS = sizeof(clock->now) / sizeof(*clock->now) };
	uint64_t now;
	int here;

	if (cpu >= CPUS)
		return 0;
	if (clock->now[cpu])
		return clock->now[cpu];
	thread_bind(cpu);
	now = task_last_ran(sys_getpid(), &here);
	if (here == cpu)
		clock->now[cpu] = now;
	return clock->now[cpu];
}

int32_t task_idle(struct task_clock *clock, int tid)
{
	int cpu;
	uint64_t ran = task_last_ran(tid, &cpu), now = ran ? now_on(clock, cpu) : 0;

	return !now ? -1 : ran > now ? 0 : (int32_t)((now - ran) / 1000 % INT32_MAX);
}

/* "NSpid:\t4711\t12\n": its number in each of its PID namespaces, from the outermost one on. */
static bool is_number_in(const char *list, uint32_t number)
{
	while (*list == '\t') {
		if (text_number(++list) == number)
			return true;
		list += strspn(list, "0123456789");
	}
	return false;
}

bool task_has_number(int pid, uint32_t number)
{
	static const char key[] = "\nNSpid:";
	struct sys_dir tasks;
	const char *name, *at;
	bool found = false;
	char dir[12], text[4096];
	uint64_t tid;

	if (task_opendir(&tasks, pid) < 0)
		return false;
	while (!found && (name = sys_readdir(&tasks)))
		if (opt_number(name, INT32_MAX, &tid) == 0
		    && read_proc(read_name((int)tid, dir), "status", text, sizeof(text)) > 0 && (at = text_find(text, key)))
			found = is_number_in(at + strlen(key), number);
	sys_close(tasks.fd);
	return found;
}

/* The kernel's functions that wait for an answer, or for room to send a request, or for the WRITEs of
   dirty pages. A server that has no request to read waits in FUSE, too: in fuse_dev_do_read(). */
bool task_waits_for_server(const char *wchan)
{
	static const char *const functions[] = {
		"request_wait_answer", "fuse_get_req", "fuse_simple", "fuse_request_send",
		"fuse_sync_writes", "fuse_set_nowrite", "fuse_wait_on_page",
	};
	size_t n = sizeof(functions) / sizeof(*functions);

	while (n-- > 0)
		if (text_find(wchan, functions[n]))
			return true;
	return false;
}

int task_tracer(int pid)
{
	char dir[12], text[2048];
	int64_t tracer = read_proc(read_name(pid, dir), "status", text, sizeof(text)) > 0 ? proc_field(text, "\nTracerPid") : -1;

	return tracer > 0 ? (int)tracer : 0;
}
