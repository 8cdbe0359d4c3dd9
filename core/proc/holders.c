/* holders: who keeps a file system busy, by /proc alone. See holders.h. */
#define _GNU_SOURCE
#include "holders.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "proc.h"
#include "sys.h"

struct device { uint32_t major, minor; };

enum { MAPS_TIME_MS = 300 };

static bool leads_to(int dir, const char *link, const struct device *dev)
{
	struct sys_stat st;

	return sys_statx(dir, link, false, &st) == 0
	       && st.dev_major == dev->major && st.dev_minor == dev->minor;
}

static bool holds_file(int pid_dir, const struct device *dev)
{
	struct proc_dir fds;
	const char *name;
	bool found = false;

	if (proc_opendir(&fds, pid_dir, "fd") < 0)
		return false;
	while (!found && (name = proc_readdir(&fds)))
		found = leads_to(fds.fd, name, dev);
	sys_close(fds.fd);
	return found;
}

static unsigned int held_by_links(int pid_dir, const struct device *dev)
{
	return (leads_to(pid_dir, "cwd", dev) ? HOLDER_CWD : 0)
	       | (leads_to(pid_dir, "root", dev) ? HOLDER_ROOT : 0)
	       | (leads_to(pid_dir, "exe", dev) ? HOLDER_EXE : 0)
	       | (holds_file(pid_dir, dev) ? HOLDER_FILE : 0);
}

/* Whether a line of maps is of the device: "start-end perms offset 00:2f inode". */
static bool maps_have(int pid, const struct device *dev)
{
	static char text[4096 + 64];
	char path[32], device[24];
	struct out p = OUT_TEXT(path), d = OUT_TEXT(device);
	size_t kept = 0, wanted;
	bool found = false;
	ssize_t n;
	int fd;

	out_fmt(&p, "/proc/%d/maps", pid);
	out_fmt(&d, " %02x:%02x ", dev->major, dev->minor);
	wanted = d.len;
	out_text(&d);
	fd = sys_open(out_text(&p), O_RDONLY, 0);
	if (fd < 0)
		return false;
	while (!found && (n = sys_read(fd, text + kept, 4096)) > 0) {
		text[kept + (size_t)n] = '\0';
		found = text_find(text, device) != NULL;
		/* What is looked for may lie across two reads. */
		kept += (size_t)n;
		if (kept > wanted) {
			memmove(text, text + kept - wanted, wanted);
			kept = wanted;
		}
	}
	sys_close(fd);
	return found;
}

/* The reader of maps, a child at the other end of a socket: it is sent a pid,
   and answers 0 or 1. */
struct reader { int pid, socket; };

static void __attribute__((noreturn)) read_maps(int socket, const struct device *dev)
{
	int pid;

	while (sys_read_all(socket, &pid, sizeof(pid)) == sizeof(pid)) {
		char answer = maps_have(pid, dev);

		if (sys_write_all(socket, &answer, 1) < 0)
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
	/* Blocked on another process's memory it can be killed: measured. */
	sys_kill(r->pid, SIGKILL);
	sys_wait(r->pid, &status);
	r->pid = 0;
}

static bool held_by_map(struct reader *r, int pid, const struct device *dev)
{
	char answer = 0;

	if (r->pid <= 0 && start_reader(r, dev) < 0)
		return false;
	if (sys_write_all(r->socket, &pid, sizeof(pid)) < 0
	    || sys_poll_in(r->socket, MAPS_TIME_MS) <= 0
	    || sys_read_all(r->socket, &answer, 1) != 1)
		stop_reader(r);
	return answer == 1;
}

struct scan {
	struct device dev;
	struct reader reader;
	int (*fn)(const struct holder *, void *);
	void *data;
};

static int look_at(struct scan *scan, int proc, const char *name, int pid)
{
	struct holder holder = { .pid = pid };
	int dir = sys_openat(proc, name, O_PATH | O_DIRECTORY, 0);

	if (dir < 0)
		return 0;
	holder.how = held_by_links(dir, &scan->dev);
	if (!(holder.how & (HOLDER_FILE | HOLDER_EXE)) && held_by_map(&scan->reader, pid, &scan->dev))
		holder.how |= HOLDER_MAP;
	if (holder.how)
		proc_command(pid, holder.command);
	sys_close(dir);
	return holder.how ? scan->fn(&holder, scan->data) : 0;
}

int holders_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *, void *), void *data)
{
	struct scan scan = { .dev = { major, minor }, .fn = fn, .data = data };
	struct proc_dir proc;
	const char *name;
	uint64_t pid;
	int result = proc_mounted() ? proc_opendir(&proc, AT_FDCWD, "/proc") : -ENOENT;

	if (result)
		return result;
	while (!result && (name = proc_readdir(&proc)))
		if (opt_number(name, INT32_MAX, &pid) == 0 && (int)pid != sys_getpid()
		    && (int)pid != scan.reader.pid)
			result = look_at(&scan, proc.fd, name, (int)pid);
	if (scan.reader.pid > 0)
		stop_reader(&scan.reader);
	sys_close(proc.fd);
	return result;
}

const char *holder_how_text(unsigned int how)
{
	static const char names[][13] = { "cwd", "root", "exe", "open file", "mapping" };
	static char text[48];
	struct out out = OUT_TEXT(text);

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (how & 1u << i)
			out_fmt(&out, "%s%s", out.len ? ", " : "", names[i]);
	return out_text(&out);
}
