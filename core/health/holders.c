/* holders: see holders.h. */
#define _GNU_SOURCE
#include "health/holders.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "sys/dir.h"

struct device { uint32_t major, minor; };

enum { MAPS_TIME_MS = 300, MAPS_LOST = 4 /* as many are waited for, in all */ };

static bool leads_to(int dir, const char *link, const struct device *dev)
{
	struct sys_stat st;

	return sys_statx(dir, link, false, &st) == 0
	       && st.dev_major == dev->major && st.dev_minor == dev->minor;
}

/* Truncates the name to the room in holder->file. */
static void set_file(struct holder *holder, const char *name, size_t len)
{
	struct out out = OUT_TEXT(holder->file);

	out_fmt(&out, "%.*s", (int)len, name);
	out_text(&out);
}

static bool holds_file(int pid_dir, const struct device *dev, struct holder *holder)
{
	char target[sizeof(holder->file)];
	struct sys_dir fds;
	const char *name;
	bool found = false;
	ssize_t n;

	if (sys_opendir(&fds, pid_dir, "fd") < 0)
		return false;
	while (!found && (name = sys_readdir(&fds))) {
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

static unsigned int held_by_thread(int tasks, const char *tid, const struct device *dev, struct holder *holder)
{
	int dir = sys_openat(tasks, tid, O_PATH | O_DIRECTORY, 0);
	unsigned int how;
	uint64_t number;

	if (dir < 0 || opt_number(tid, INT32_MAX, &number) < 0)
		return 0;
	how = held_by_directories(dir, dev);
	if (sys_share_files(holder->pid, (int)number) != 1 && holds_file(dir, dev, holder))
		how |= HOLDER_FILE;
	sys_close(dir);
	return how;
}

/* unshare(2) gives a thread directories (CLONE_FS) or descriptors (CLONE_FILES) of its own. */
static unsigned int held_by_threads(int pid_dir, const struct device *dev, struct holder *holder)
{
	struct sys_dir tasks;
	unsigned int how = 0;
	const char *tid;

	if (sys_opendir(&tasks, pid_dir, "task") < 0)
		return 0;
	while ((tid = sys_readdir(&tasks)))
		how |= held_by_thread(tasks.fd, tid, dev, holder);
	sys_close(tasks.fd);
	return how;
}

static unsigned int held_by_links(int pid_dir, const struct device *dev, struct holder *holder)
{
	unsigned int how = held_by_directories(pid_dir, dev) | (leads_to(pid_dir, "exe", dev) ? HOLDER_EXE : 0)
			   | (holds_file(pid_dir, dev, holder) ? HOLDER_FILE : 0);

	return how ? how : held_by_threads(pid_dir, dev, holder);
}

/* The reply of the child that reads maps. */
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

/* The child that reads maps receives pids over a socket. */
struct reader { int pid, socket, lost; };

static void __attribute__((noreturn)) read_maps(int socket, const struct device *dev)
{
	static struct mapping mapping;
	int pid;

	while (sys_read_all(socket, &pid, sizeof(pid)) == sizeof(pid)) {
		find_mapping(pid, dev, &mapping);
		if (sys_write_all(socket, &mapping, sizeof(mapping)) < 0)
			break;
	}
	sys_exit(0);
}

static int start_reader(struct reader *r, const struct device *dev)
{
	int pair[2], err = sys_socketpair(pair);

	if (err)
		return err;
	r->pid = sys_fork();
	if (r->pid == 0) {
		sys_close(pair[0]);
		read_maps(pair[1], dev);
	}
	sys_close(pair[1]);
	if (r->pid < 0)
		sys_close(pair[0]);
	r->socket = pair[0];
	return r->pid < 0 ? r->pid : 0;
}

static void stop_reader(struct reader *r)
{
	int status;

	sys_close(r->socket);
	/* SIGKILL ends the child even while it waits for another process's memory (tested). */
	sys_kill(r->pid, SIGKILL);
	sys_wait(r->pid, &status);
	r->pid = 0;
}

static bool held_by_map(struct reader *r, int pid, const struct device *dev, struct holder *holder)
{
	struct mapping mapping = { .found = false };

	if (r->lost >= MAPS_LOST || (r->pid <= 0 && start_reader(r, dev) < 0))
		return false;
	if (sys_write_all(r->socket, &pid, sizeof(pid)) < 0
	    || sys_poll_in(r->socket, MAPS_TIME_MS) <= 0
	    || sys_read_all(r->socket, &mapping, sizeof(mapping)) != sizeof(mapping)) {
		stop_reader(r);
		r->lost++;
		return false;
	}
	if (mapping.found)
		set_file(holder, mapping.name, sizeof(mapping.name));
	return mapping.found;
}

struct scan {
	struct device dev;
	struct reader reader;
	int (*fn)(const struct holder *, void *);
	void *data;
};

/* Sets holder->how to the ways in which process pid holds the device, 0: none. */
static void examine(struct scan *scan, int pid, struct holder *holder)
{
	char path[32];
	struct out out = OUT_TEXT(path);
	int dir;

	*holder = (struct holder) { .pid = pid };
	out_fmt(&out, "/proc/%d", pid);
	dir = sys_open(out_text(&out), O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return;
	holder->how = held_by_links(dir, &scan->dev, holder);
	sys_close(dir);
	if (!(holder->how & (HOLDER_FILE | HOLDER_EXE)) && held_by_map(&scan->reader, pid, &scan->dev, holder))
		holder->how |= HOLDER_MAP;
}

static int look_at(const char *name, void *data)
{
	struct scan *scan = data;
	struct holder holder;
	struct proc_facts facts;
	uint64_t pid;

	if (opt_number(name, INT32_MAX, &pid) < 0 || (int)pid == sys_getpid()
	    || (int)pid == scan->reader.pid)
		return 0;
	examine(scan, (int)pid, &holder);
	if (!holder.how)
		return 0;
	if (proc_facts(holder.pid, &facts) < 0)
		facts = (struct proc_facts) { .uid = -1, .command = "?" };
	holder.uid = facts.uid;
	memcpy(holder.command, facts.command, sizeof(holder.command));
	return scan->fn(&holder, scan->data);
}

int holders_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *, void *), void *data)
{
	struct scan scan = { .dev = { major, minor }, .fn = fn, .data = data };
	int result = proc_mounted() ? proc_each(look_at, &scan) : -ENOENT;

	if (scan.reader.pid > 0)
		stop_reader(&scan.reader);
	return result;
}

bool holder_is(int pid, uint32_t major, uint32_t minor)
{
	struct scan scan = { .dev = { major, minor } };
	struct holder holder;

	examine(&scan, pid, &holder);
	if (scan.reader.pid > 0)
		stop_reader(&scan.reader);
	return holder.how != 0;
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
