/* task: see task.h. */
#include "proc/task.h"

#include <fcntl.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "sys.h"

int task_opendir(struct proc_dir *dir, int pid)
{
	char path[32];
	struct out out = OUT_TEXT(path);

	out_fmt(&out, "/proc/%d/task", pid);
	return proc_opendir(dir, AT_FDCWD, out_text(&out));
}

static bool read_file_of(int tid, const char *file, char *text, size_t size)
{
	char path[64];
	struct out out = OUT_TEXT(path);

	out_fmt(&out, "/proc/%d/%s", tid, file);
	return sys_read_file(out_text(&out), text, size) > 0;
}

char task_state(int pid, int tid)
{
	char path[48], text[512];
	struct out out = OUT_TEXT(path);
	const char *end;

	out_fmt(&out, "task/%d/stat", tid);
	if (!read_file_of(pid, out_text(&out), text, sizeof(text)))
		return '\0';
	end = strrchr(text, ')');	/* the command's name may contain any character */
	return end && end[1] ? end[2] : '\0';
}

/* "se.exec_start : 32134137.498747": milliseconds, at which the scheduler last accounted for the
   thread's time on a processor. */
uint64_t task_last_ran(int tid)
{
	static const char key[] = "\nse.exec_start";
	char text[1024];
	const char *at = read_file_of(tid, "sched", text, sizeof(text)) ? text_find(text, key) : NULL;
	uint64_t number = 0;
	int decimals = -1;

	if (!at)
		return 0;
	at += strlen(key);
	at += strspn(at, " :");
	for (; decimals < 3 && ((*at >= '0' && *at <= '9') || *at == '.'); at++) {
		if (*at == '.')
			decimals = 0;
		else if (decimals >= 0)
			decimals++;
		if (*at != '.')
			number = number * 10 + (uint64_t)(*at - '0');
	}
	return decimals == 3 ? number : 0;
}

/* "NSpid:\t4711\t12\n": its number in each of its PID namespaces, from the outermost one on. */
static bool is_number_in(const char *list, uint32_t number)
{
	while (*list == '\t') {
		uint64_t n = 0;

		for (list++; *list >= '0' && *list <= '9'; list++)
			n = n * 10 + (uint64_t)(*list - '0');
		if (n == number)
			return true;
	}
	return false;
}

bool task_has_number(int pid, uint32_t number)
{
	static const char key[] = "\nNSpid:";
	struct proc_dir tasks;
	const char *name, *at;
	bool found = false;
	char text[4096];
	uint64_t tid;

	if (task_opendir(&tasks, pid) < 0)
		return false;
	while (!found && (name = proc_readdir(&tasks)))
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
