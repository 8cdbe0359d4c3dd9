/* SPDX-License-Identifier: MIT */
/* proc: processes, by /proc. See proc.h. */
#include "proc/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "proc/read.h"
#include "proc/reader.h"
#include "sys.h"
#include "sys/dir.h"

bool proc_mounted(void)
{
	struct sys_stat st;

	return sys_statx(AT_FDCWD, "/proc/self", false, &st) == 0;
}

/* Process 1 exists as long as its PID namespace, and usually belongs to another user. */
bool proc_hides(void)
{
	struct sys_stat st;

	return sys_statx(AT_FDCWD, "/proc/1", false, &st) < 0;
}

bool proc_is_outermost(void)
{
	const uint64_t first = 0xeffffffc;	/* PROC_PID_INIT_INO */
	struct sys_stat ns;

	return sys_statx(AT_FDCWD, "/proc/self/ns/pid", true, &ns) == 0 && ns.inode == first;
}

void proc_command(int pid, char command[16])
{
	char path[32], text[32];
	size_t len;

	text_fmt(path, sizeof(path), "/proc/%d/comm", pid);
	if (sys_read_file(path, text, sizeof(text)) <= 0)
		text[0] = '?', text[1] = '\0';
	len = strcspn(text, "\n");
	len = len < PROC_COMMAND_MOST ? len : PROC_COMMAND_MOST;
	memcpy(command, text, len);
	command[len] = '\0';
}

int64_t proc_field(const char *text, const char *key)
{
	const char *at = text_find(text, key);

	if (!at)
		return -1;
	at += strlen(key) + 1;
	at += strspn(at, " \t");
	return *at < '0' || *at > '9' ? -1 : (int64_t)text_number(at);
}

/* Calls fn with "PID/task/TID" for each thread of a process. */
static void each_task(const char *pid, void (*fn)(const char *task, int tid, void *data), void *data)
{
	char path[48];
	struct out out = OUT_TEXT(path);
	struct sys_dir tasks;
	const char *name;
	size_t stem;

	out_fmt(&out, "/proc/%s/task", pid);
	if (sys_opendir(&tasks, AT_FDCWD, out_text(&out)) < 0)
		return;
	out_char(&out, '/');
	stem = out.len;
	while ((name = sys_readdir(&tasks))) {
		out.len = stem;
		out_str(&out, name);
		fn(out_text(&out) + strlen("/proc/"), (int)text_number(name), data);
	}
	sys_close(tasks.fd);
}

/* The start time in ticks since boot, which with the pid identifies the process. 0: not known. */
static uint64_t get_start_time(int pid)
{
	char dir[12], text[READER_TEXT];

	return reader_read(read_name(pid, dir), "stat", text, sizeof(text)) > 0
	       ? text_number(read_word(read_fields(text), 19)) : 0;
}

int64_t proc_age(int pid)
{
	enum { TICKS = 100 };	/* a second, as /proc counts on every machine that we know */
	uint64_t began = get_start_time(pid), now = sys_since_boot();

	return !began ? -1 : now > began / TICKS ? (int64_t)(now - began / TICKS) : 0;
}

static void count_thread(const char *task, int tid, void *threads)
{
	(void)task;
	*(int *)threads += tid > 0;
}

int proc_facts(int pid, struct proc_facts *facts)
{
	static const char state[] = "\nState:\t", uid[] = "\nUid:\t";
	char dir[12], text[2048];
	const char *at;

	if (read_proc(read_name(pid, dir), "status", text, sizeof(text)) <= 0 || !(at = text_find(text, state)))
		return -ESRCH;
	facts->state = at[strlen(state)];
	facts->parent = (int)proc_field(text, "\nPPid");
	at = text_find(text, uid);
	at = at ? at + strlen(uid) : "";
	at += strcspn(at, "\t");
	facts->uid = *at ? (int64_t)text_number(at + 1) : -1;
	facts->threads = 0;
	each_task(dir, count_thread, &facts->threads);
	proc_command(pid, facts->command);
	return 0;
}

/* The fourth of a thread's ids, after "\nUid:" or "\nGid:": the one by which the kernel checks access to files. */
static bool has_fs_id(const char *status, const char *key, uint32_t id)
{
	const char *at = text_find(status, key);

	for (int i = 0; at && i < 4; i++)
		at = strchr(at + 1, '\t');
	return at && text_number(at + 1) == id;
}

int proc_groups(int tid, uint32_t fsuid, uint32_t fsgid, uint32_t *groups, size_t room)
{
	static const char key[] = "\nGroups:\t", caps[] = "\nCapEff:\t";
	enum { DAC_OVERRIDE = 1 << 1, DAC_READ_SEARCH = 1 << 2 };
	char name[12], text[2048];
	const char *at;
	size_t n = 0;

	if (read_proc(read_name(tid, name), "status", text, sizeof(text)) <= 0 || !has_fs_id(text, "\nUid:", fsuid)
	    || !has_fs_id(text, "\nGid:", fsgid) || !(at = text_find(text, key)))
		return -ESRCH;
	at += strlen(key);
	for (at += strspn(at, " "); *at >= '0' && *at <= '9'; at += strspn(at, " ")) {
		if (n == room)
			return -E2BIG;
		groups[n++] = (uint32_t)text_number(at);
		at += strspn(at, "0123456789");
	}
	if (*at != '\n' || !(at = text_find(at, caps)))
		return -E2BIG;	/* the text has been cut */
	at += strlen(caps) + 15;	/* the last of 16 hexadecimal digits: capabilities 0 to 3 */
	return (*at <= '9' ? *at : *at - 'a' + 10) & (DAC_OVERRIDE | DAC_READ_SEARCH) ? -EPERM : (int)n;
}

/* ---- Signals ---- */

int proc_hold(struct proc_held *held, int pid)
{
	*held = (struct proc_held) { .pid = pid, .pidfd = sys_pidfd_open(pid) };
	if (held->pidfd >= 0)
		return 0;
	if (held->pidfd != -ENOSYS && held->pidfd != -EPERM)
		return held->pidfd;
	held->began = get_start_time(pid);	/* pidfd_open(2) is missing before Linux 5.3, or a seccomp filter refuses it. */
	return held->began ? 0 : -ESRCH;
}

int proc_signal(const struct proc_held *held, int sig)
{
	if (held->pidfd >= 0)
		return sys_pidfd_kill(held->pidfd, sig);
	return get_start_time(held->pid) == held->began ? sys_kill(held->pid, sig) : -ESRCH;
}

void proc_release(struct proc_held *held)
{
	if (held->pidfd >= 0)
		sys_close(held->pidfd);
	held->pidfd = -1;
}

/* Reads the end of a file that may be longer than text: status lists all supplementary groups. */
static bool read_file_end(const char *dir, const char *file, char *text, size_t size)
{
	char path[64];
	size_t len = 0;
	ssize_t n;
	int fd;

	text_fmt(path, sizeof(path), "/proc/%s/%s", dir, file);
	fd = sys_open(path, O_RDONLY, 0);
	if (fd < 0)
		return false;
	while ((n = sys_read(fd, text + len, size - 1 - len)) > 0) {
		len += (size_t)n;
		if (len > size / 2) {
			memmove(text, text + len - size / 2, size / 2);
			len = size / 2;
		}
	}
	sys_close(fd);
	text[len] = '\0';
	return len > 0;
}

static uint64_t count_switches(const char *task)
{
	char text[2048];

	if (!read_file_end(task, "status", text, sizeof(text)))
		return 0;
	return (uint64_t)(proc_field(text, "\nvoluntary_ctxt_switches")
			  + proc_field(text, "nonvoluntary_ctxt_switches"));
}

static void add_switches(const char *task, int tid, void *sum)
{
	(void)tid;
	*(uint64_t *)sum += count_switches(task);
}

uint64_t proc_activity(int pid)
{
	char text[12];
	/* A thread that spins alone on its processor has no context switches. */
	uint64_t sum = sys_cpu_time_ns(pid);

	each_task(read_name(pid, text), add_switches, &sum);
	return sum;
}

/* A thread that a cgroup freezes is in state S (version 2) or D (version 1). The compiler may
   inline do_freezer_trap() into get_signal(), which sleeps in these states for no other reason. */
static bool is_frozen(const char *task)
{
	char where[64];

	return reader_read(task, "wchan", where, sizeof(where)) > 0
	       && (text_find(where, "do_freezer_trap") || text_find(where, "get_signal") || text_find(where, "refrigerator"));
}

struct stopped { bool all, any; };

static void check_task_state(const char *task, int tid, void *data)
{
	struct stopped *stopped = data;
	char state = stopped->all ? read_state(task) : '\0';

	(void)tid;
	if (!state)
		return;
	stopped->any = true;
	if (state != 'T' && state != 't' && !is_frozen(task))
		stopped->all = false;
}

bool proc_stopped(int pid)
{
	struct stopped stopped = { .all = true };
	char text[12];

	each_task(read_name(pid, text), check_task_state, &stopped);
	return stopped.any && stopped.all;
}

int64_t proc_written(int pid)
{
	char dir[12], text[512];

	return reader_read(read_name(pid, dir), "io", text, sizeof(text)) > 0 ? proc_field(text, "\nwchar") : -1;
}

int proc_each(int (*fn)(const char *pid, void *data), void *data)
{
	struct sys_dir all;
	const char *name;
	int result = sys_opendir(&all, AT_FDCWD, "/proc");

	if (result)
		return result;
	while (!result && (name = sys_readdir(&all)))
		if (*name >= '0' && *name <= '9')
			result = fn(name, data);
	sys_close(all.fd);
	return result;
}

int proc_connection(const char *pid, const char *fd, uint64_t *connection)
{
	char path[64], text[512];
	int64_t number;
	ssize_t n;

	text_fmt(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	n = sys_read_file(path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	number = proc_field(text, "fuse_connection");
	if (number < 0)
		return -ENODATA;
	*connection = (uint64_t)number;
	return 0;
}
