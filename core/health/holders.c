/* SPDX-License-Identifier: MIT */
/* holders: see holders.h. */
#define _GNU_SOURCE
#include "health/holders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "proc/scout.h"
#include "sys.h"
#include "sys/dir.h"

struct device { uint32_t major, minor; };

enum { MANY = 1024 };	/* descriptors or threads */

static bool leads_to(int dir, const char *link, const struct device *dev)
{
	struct sys_stat st;

	return sys_statx(dir, link, false, &st) == 0
	       && st.dev_major == dev->major && st.dev_minor == dev->minor;
}

/* Truncates the name to the room in holder->file. */
static void set_file(struct holder *holder, const char *name, size_t len)
{
	text_fmt(holder->file, sizeof(holder->file), "%.*s", (int)len, name);
}

static bool holds_file(int pid_dir, const struct device *dev, struct holder *holder, struct scout *scout)
{
	char target[sizeof(holder->file)];
	struct sys_dir fds;
	const char *name;
	bool found = false;
	ssize_t n;

	if (sys_opendir(&fds, pid_dir, "fd") < 0)
		return false;
	for (unsigned int i = 1; !found && (name = sys_readdir(&fds)); i++) {
		if (i % MANY == 0)
			scout_extend(scout);
		found = leads_to(fds.fd, name, dev);
		if (found && (n = sys_readlinkat(fds.fd, name, target, sizeof(target))) > 0)
			set_file(holder, target, (size_t)n);
	}
	sys_close(fds.fd);
	return found;
}

static unsigned int held_by_directories(int dir, const struct device *dev)
{
	return (leads_to(dir, "cwd", dev) ? HOLDER_CWD : 0) | (leads_to(dir, "root", dev) ? HOLDER_ROOT : 0);
}

static unsigned int held_by_thread(int tasks, const char *tid, const struct device *dev, struct holder *holder,
				   struct scout *scout)
{
	int dir = sys_openat(tasks, tid, O_PATH | O_DIRECTORY, 0);
	unsigned int how;
	uint64_t number;

	if (dir < 0 || opt_number(tid, INT32_MAX, &number) < 0)
		return 0;
	how = held_by_directories(dir, dev);
	if (sys_share_files(holder->pid, (int)number) != 1 && holds_file(dir, dev, holder, scout))
		how |= HOLDER_FILE;
	sys_close(dir);
	return how;
}

/* unshare(2) gives a thread directories (CLONE_FS) or descriptors (CLONE_FILES) of its own. */
static unsigned int held_by_threads(int pid_dir, const struct device *dev, struct holder *holder, struct scout *scout)
{
	struct sys_dir tasks;
	unsigned int how = 0;
	const char *tid;

	if (sys_opendir(&tasks, pid_dir, "task") < 0)
		return 0;
	for (unsigned int i = 1; (tid = sys_readdir(&tasks)); i++) {
		if (i % MANY == 0)
			scout_extend(scout);
		how |= held_by_thread(tasks.fd, tid, dev, holder, scout);
	}
	sys_close(tasks.fd);
	return how;
}

static unsigned int held_by_links(int pid_dir, const struct device *dev, struct holder *holder, struct scout *scout)
{
	unsigned int how = held_by_directories(pid_dir, dev) | (leads_to(pid_dir, "exe", dev) ? HOLDER_EXE : 0)
			   | (holds_file(pid_dir, dev, holder, scout) ? HOLDER_FILE : 0);

	return how ? how : held_by_threads(pid_dir, dev, holder, scout);
}

struct mapping { bool found; char name[255]; };

static const char *next_field(const char *at)
{
	at += strcspn(at, " ");
	return at + strspn(at, " ");
}

/* "start-end perms offset 00:2f inode   name". The name of a file may look like a device. */
static bool take_mapping(const char *line, const char *device, struct mapping *mapping)
{
	struct out out = OUT_TEXT(mapping->name);
	const char *at = next_field(next_field(next_field(line)));

	if (strncmp(at, device, strlen(device)) != 0)
		return false;
	out_str(&out, next_field(next_field(at)));
	out_text(&out);
	return mapping->found = true;
}

/* A buffer for the lines of maps. It keeps only the beginning of a line that is too long. */
struct lines { size_t kept; bool is_rest; char text[8192 + 1]; };

/* Parses and removes the complete lines in the buffer, or a part of a line that fills it. */
static void take_lines(struct lines *l, const char *device, struct mapping *mapping)
{
	char *line = l->text, *end;

	for (; !mapping->found && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!l->is_rest)
			take_mapping(line, device, mapping);
		l->is_rest = false;
	}
	l->kept -= (size_t)(line - l->text);
	memmove(l->text, line, l->kept + 1);
	if (l->kept < sizeof(l->text) - 1)
		return;
	if (!l->is_rest && !mapping->found)
		take_mapping(l->text, device, mapping);
	l->is_rest = true;
	l->kept = 0;
}

static void find_mapping(int pid, const struct device *dev, struct mapping *mapping)
{
	static struct lines l;
	char path[32], device[24];
	struct out p = OUT_TEXT(path), d = OUT_TEXT(device);
	ssize_t n;
	int fd;

	mapping->found = l.is_rest = false;
	l.kept = 0;
	out_fmt(&p, "/proc/%d/maps", pid);
	out_fmt(&d, "%02x:%02x ", dev->major, dev->minor);
	out_text(&d);
	fd = sys_open(out_text(&p), O_RDONLY, 0);
	if (fd < 0)
		return;
	while (!mapping->found && (n = sys_read(fd, l.text + l.kept, sizeof(l.text) - 1 - l.kept)) > 0) {
		l.kept += (size_t)n;
		l.text[l.kept] = '\0';
		take_lines(&l, device, mapping);
	}
	sys_close(fd);
}

/* Reading maps can block where the links do not: what the links showed is reported before. */
struct record { struct holder holder; bool is_whole; };

struct scan {
	struct device dev;
	struct scout scout;
	struct holder pending;	/* known by its links alone so far; pid 0: none */
	int (*fn)(const struct holder *, void *);
	void *data;
};
_Static_assert(sizeof(struct record) <= SCOUT_RECORD, "scout.h");

/* ---- In the child that looks at the processes ---- */

static void report_record(struct scout *scout, struct record *r)
{
	struct proc_facts facts;

	if (!r->holder.how)
		return;
	if (proc_facts(r->holder.pid, &facts) < 0)
		facts = (struct proc_facts) { .uid = -1, .command = "?" };
	r->holder.uid = facts.uid;
	memcpy(r->holder.command, facts.command, sizeof(r->holder.command));
	scout_report(scout, r);
}

static void add_mapping(const struct device *dev, struct holder *holder)
{
	static struct mapping mapping;

	find_mapping(holder->pid, dev, &mapping);
	if (!mapping.found)
		return;
	set_file(holder, mapping.name, sizeof(mapping.name));
	holder->how |= HOLDER_MAP;
}

static void look_at(struct scout *scout, const char *name)
{
	const struct scan *scan = scout->data;
	struct record r = { .is_whole = false };
	char path[32];
	uint64_t pid;
	int dir;

	text_fmt(path, sizeof(path), "/proc/%s", name);
	dir = sys_open(path, O_PATH | O_DIRECTORY, 0);
	if (dir < 0 || opt_number(name, INT32_MAX, &pid) < 0)
		return;
	r.holder.pid = (int)pid;
	r.holder.how = held_by_links(dir, &scan->dev, &r.holder, scout);
	sys_close(dir);
	r.is_whole = r.holder.how & (HOLDER_FILE | HOLDER_EXE);
	report_record(scout, &r);
	if (r.is_whole)
		return;
	add_mapping(&scan->dev, &r.holder);
	r.is_whole = true;
	report_record(scout, &r);
}

/* ---- In the caller ---- */

static int tell_pending(struct scan *scan)
{
	int result = scan->pending.pid ? scan->fn(&scan->pending, scan->data) : 0;

	scan->pending.pid = 0;
	return result;
}

static int take_record(struct scout *scout, const void *record)
{
	struct scan *scan = scout->data;
	static struct record r;
	int result = 0;

	memcpy(&r, record, sizeof(r));
	if (r.holder.pid == sys_getpid())
		return 0;
	if (r.holder.pid != scan->pending.pid)
		result = tell_pending(scan);
	scan->pending = r.holder;
	return !result && r.is_whole ? tell_pending(scan) : result;
}

static int scan_process(struct scan *scan, int pid)
{
	int result, last;

	scan->scout = (struct scout) {
		.pid = pid, .size = sizeof(struct record), .look = look_at, .fn = take_record, .data = scan,
	};
	result = scout_each(&scan->scout);
	result = result == -EAGAIN ? 0 : result;
	last = result ? 0 : tell_pending(scan);
	return last ? last : result;
}

int holders_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *, void *), void *data)
{
	struct scan scan = { .dev = { major, minor }, .fn = fn, .data = data };

	return proc_mounted() ? scan_process(&scan, 0) : -ENOENT;
}

static int stop_at_first(const struct holder *holder, void *nothing)
{
	(void)holder, (void)nothing;
	return 1;
}

int holders_any(uint32_t major, uint32_t minor)
{
	return holders_each(major, minor, stop_at_first, NULL);
}

static int note_holder(const struct holder *holder, void *data)
{
	(void)holder;
	return *(bool *)data = true;
}

bool holder_is(int pid, uint32_t major, uint32_t minor)
{
	bool found = false;
	struct scan scan = { .dev = { major, minor }, .fn = note_holder, .data = &found };

	scan_process(&scan, pid);
	return found;
}

const char *holder_how_text(unsigned int how)
{
	static const char names[][13] = { "cwd", "root", "exe", "open file", "mapping",
					   "loop device", "swap area" };
	static char text[48];
	struct out out = OUT_TEXT(text);

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (how & 1u << i)
			out_fmt(&out, "%s%s", out.len ? ", " : "", names[i]);
	return out_text(&out);
}
