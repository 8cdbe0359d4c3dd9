/* SPDX-License-Identifier: MIT */
/* task: see task.h. */
#include "proc/task.h"

#include <fcntl.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"

int task_opendir(struct sys_dir *dir, int pid)
{
	char path[32];
	struct out out = OUT_TEXT(path);

	out_fmt(&out, "/proc/%d/task", pid);
	return sys_opendir(dir, AT_FDCWD, out_text(&out));
}

static bool read_file_of(int tid, const char *file, char *text, size_t size)
{
	char path[64];
	struct out out = OUT_TEXT(path);

	out_fmt(&out, "/proc/%d/%s", tid, file);
	return sys_read_file(out_text(&out), text, size) > 0;
}

/* Returns the fields of stat from the state on, which follow the command's name. NULL: there is no
   such thread. */
static const char *read_stat(int pid, const char *file, char *text, size_t size)
{
	const char *end = read_file_of(pid, file, text, size) ? strrchr(text, ')') : NULL;

	return end && end[1] ? end + 2 : NULL;
}

char task_state(int pid, int tid)
{
	char path[48], text[512];
	struct out out = OUT_TEXT(path);
	const char *state;

	out_fmt(&out, "task/%d/stat", tid);
	state = read_stat(pid, out_text(&out), text, sizeof(text));
	return state ? *state : '\0';
}

static uint64_t number_at(const char *at)
{
	uint64_t number = 0;

	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

/* The number of the processor is the 39th field of stat, and so the 37th from the state on. */
static int last_processor(int tid)
{
	enum { FIELDS = 36 };
	char text[1024];
	const char *at = read_stat(tid, "stat", text, sizeof(text));

	for (int i = 0; at && i < FIELDS; i++) {
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	return at && *at ? (int)number_at(at) : -1;
}

/* "se.exec_start : 32134137.498747": milliseconds, at which the scheduler last accounted for the
   thread's time on a processor. */
uint64_t task_last_ran(int tid, int *cpu)
{
	static const char key[] = "\nse.exec_start";
	char text[1024];
	const char *at = read_file_of(tid, "sched", text, sizeof(text)) ? text_find(text, key) : NULL;
	const char *point;

	*cpu = at ? last_processor(tid) : -1;
	if (*cpu < 0)
		return 0;
	at += strlen(key);
	at += strspn(at, " :");
	point = at + strcspn(at, ".\n");
	return *point == '.' && strlen(point) > 3 ? number_at(at) * 1000 + number_at(point + 1) / 1000 : 0;
}

/* "NSpid:\t4711\t12\n": its number in each of its PID namespaces, from the outermost one on. */
static bool is_number_in(const char *list, uint32_t number)
{
	while (*list == '\t') {
		if (number_at(++list) == number)
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
	char text[4096];
	uint64_t tid;

	if (task_opendir(&tasks, pid) < 0)
		return false;
	while (!found && (name = sys_readdir(&tasks)))
		if (opt_number(name, INT32_MAX, &tid) == 0
		    && read_file_of((int)tid, "status", text, sizeof(text)) && (at = text_find(text, key)))
			found = is_number_in(at + strlen(key), number);
	sys_close(tasks.fd);
	return found;
}

bool task_waits_in_fuse(int tid)
{
	char where[64];

	return read_file_of(tid, "wchan", where, sizeof(where))
	       && (text_find(where, "request_wait_answer") || text_find(where, "fuse"));
}

int task_tracer(int pid)
{
	char text[2048];
	int64_t tracer = read_file_of(pid, "status", text, sizeof(text)) ? proc_field(text, "\nTracerPid") : -1;

	return tracer > 0 ? (int)tracer : 0;
}
