/* SPDX-License-Identifier: MIT */
/* tracing: see tracing.h. */
#include "tracing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "msg.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "sys/dir.h"
#include "sys/vfs.h"

static const char prefix[] = "fusebox-";

/* ---- Files of tracefs ---- */

static ssize_t read_at(int dir, const char *path, char *text, size_t size)
{
	int fd = sys_openat(dir, path, O_RDONLY | O_NOFOLLOW, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys_read_all(fd, text, size - 1);
	sys_close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static int write_at(int dir, const char *path, const char *text)
{
	int fd = sys_openat(dir, path, O_WRONLY | O_NOFOLLOW, 0);
	int err = fd < 0 ? fd : sys_write_all(fd, text, strlen(text));

	if (fd >= 0)
		sys_close(fd);
	return err;
}

/* Use a mount of tracefs that this process makes: in another user's mount namespace, another file system may
   be mounted on the usual directory. */
static int mount_tracefs(void)
{
	int fs = sys_fsopen("tracefs"), err, mount;

	if (fs < 0)
		return fs;
	err = sys_fsconfig(fs, FSCONFIG_CREATE, NULL, NULL);
	mount = err ? err : sys_fsmount(fs, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
	sys_close(fs);
	return mount;
}

/* ---- The instance ---- */

/* Whether the name is fusebox-PID-N, as make_instance() forms it: an instance such as fusebox-debug is
   somebody else's. */
static bool is_own_name(const char *name)
{
	size_t digits;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;
	name += sizeof(prefix) - 1;
	digits = strspn(name, "0123456789");
	name += digits;
	return digits && *name == '-' && name[1] && !name[1 + strspn(name + 1, "0123456789abcdef")];
}

/* Removing an instance fails with EBUSY as long as a process has one of its pipes open. */
static void remove_leftovers(int instances)
{
	struct sys_dir dir;
	const char *name;

	if (sys_opendir(&dir, instances, ".") < 0)
		return;
	while ((name = sys_readdir(&dir)))
		if (is_own_name(name))
			vfs_unlink(instances, name, true);
	sys_close(dir.fd);
}

static int open_pipe(struct tracing *t, uint64_t cpu)
{
	enum { STEP = 512 };	/* a page of them */
	char path[64];
	int fd;

	if (t->count == t->room) {
		struct trace_pipe *pipes = sys_more_pages(t->pipes, t->room * sizeof(*pipes), (t->room + STEP) * sizeof(*pipes));

		if (!pipes)
			return -ENOMEM;
		t->pipes = pipes;
		t->room += STEP;
	}
	text_fmt(path, sizeof(path), "per_cpu/cpu%llu/trace_pipe_raw", (unsigned long long)cpu);
	fd = sys_openat(t->instance, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd >= 0)
		t->pipes[t->count++] = (struct trace_pipe) { fd, (int)cpu };
	return fd < 0 ? fd : 0;
}

static int open_pipes(struct tracing *t)
{
	struct sys_dir dir;
	const char *name;
	uint64_t cpu;
	int err = sys_opendir(&dir, t->instance, "per_cpu");

	if (err)
		return err;
	while (!err && (name = sys_readdir(&dir)))
		if (strncmp(name, "cpu", 3) == 0 && opt_number(name + 3, INT32_MAX, &cpu) == 0)
			err = open_pipe(t, cpu);
	sys_close(dir.fd);
	return err ? err : t->count ? 0 : -ENOENT;
}

static void close_pipes(struct tracing *t)
{
	while (t->count)
		sys_close(t->pipes[--t->count].fd);
}

/* Another fuse-info may remove the instance in the moment before its first pipe is open. */
static int make_instance(struct tracing *t)
{
	int instances = sys_openat(t->root, "instances", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int err = instances < 0 ? instances : -ENOENT;

	if (instances < 0)
		return instances;
	text_fmt(t->name, sizeof(t->name), "%s%d-%llx", prefix, sys_getpid(), (unsigned long long)sys_clock_ns());
	remove_leftovers(instances);
	for (int tries = 0; err == -ENOENT && tries < 10; tries++) {
		close_pipes(t);
		if (t->instance > 0)
			sys_close(t->instance);
		t->instance = 0;
		err = sys_mkdirat(instances, t->name, 0700);
		if (!err)
			err = t->instance = sys_openat(instances, t->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		if (err >= 0)
			err = open_pipes(t);
	}
	sys_close(instances);
	return err;
}

/* ---- The events ---- */

static int read_layout(struct tracing *t)
{
	char text[4096];	/* a format has about 2,600 bytes */
	ssize_t n = read_at(t->root, "events/fuse/fuse_request_send/format", text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (!event_format_parse(text, "opcode", &t->layout.send))
		return -EPROTO;
	n = read_at(t->root, "events/fuse/fuse_request_end/format", text, sizeof(text));
	if (n < 0)
		return (int)n;
	if (!event_format_parse(text, "error", &t->layout.end))
		return -EPROTO;
	n = read_at(t->root, "events/header_page", text, sizeof(text));
	return n < 0 ? (int)n : event_page_parse(text, &t->layout) ? 0 : -EPROTO;
}

static int enable_event(const struct tracing *t, const char *event, const char *filter)
{
	char path[64];
	struct out out = OUT_TEXT(path);
	size_t stem;
	int err = 0;

	out_fmt(&out, "events/fuse/%s/", event);
	stem = out.len;
	out_str(&out, "filter");
	if (filter)
		err = write_at(t->instance, out_text(&out), filter);
	out.len = stem;
	out_str(&out, "enable");
	return err ? err : write_at(t->instance, out_text(&out), "1");
}

static int enable_events(const struct tracing *t, uint64_t connection)
{
	char filter[40];
	int err = write_at(t->instance, "trace_clock", "mono");	/* as sys_clock_ns() */

	text_fmt(filter, sizeof(filter), "connection==%llu", (unsigned long long)connection);
	/* Enable the ends first, or the first request's end could be missed. */
	if (!err)
		err = enable_event(t, "fuse_request_end", connection ? filter : NULL);
	return err ? err : enable_event(t, "fuse_request_send", connection ? filter : NULL);
}

static const char *advise(const struct tracing *t, int err)
{
	if (err == -EPERM || err == -EACCES)
		return t->root > 0 ? "the kernel's lockdown forbids tracing"
		       : "tracing needs root (CAP_SYS_ADMIN in the first user namespace)";
	if (err == -ENODEV || err == -ENOSYS)
		return "this kernel has no tracefs; tracing needs Linux 6.12 with CONFIG_FTRACE";
	return err == -ENOENT && !t->instance ? "this kernel does not trace FUSE requests; Linux 6.12 and later do"
	       : err == -EPROTO ? "this kernel's events have another form; this program is too old for it" : msg_reason(err);
}

int tracing_start(struct tracing *t, uint64_t connection)
{
	int err;

	*t = (struct tracing) { .root = 0 };
	vfs_raise_descriptors();	/* a pipe for each CPU */
	t->root = mount_tracefs();
	err = t->root < 0 ? t->root : read_layout(t);
	if (!err)
		err = make_instance(t);
	t->page = err ? NULL : sys_pages(t->layout.page);
	if (!err)
		err = t->page ? enable_events(t, connection) : -ENOMEM;
	if (!err)
		return 0;
	msg("tracefs: %s", advise(t, err));
	tracing_stop(t);
	return err;
}

void tracing_stop(struct tracing *t)
{
	int instances;

	close_pipes(t);
	if (t->instance > 0) {
		sys_close(t->instance);
		instances = sys_openat(t->root, "instances", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		vfs_unlink(instances, t->name, true);
		sys_close(instances);
	}
	if (t->root > 0)
		sys_close(t->root);
	t->instance = t->root = 0;
}

/* ---- Reading ---- */

static void keep_event(const struct event *event, void *data)
{
	struct tracing *t = data;

	if (t->kept == t->events_room) {
		size_t room = t->events_room ? t->events_room * 2 : 1024;
		struct event *events = sys_more_pages(t->events, t->events_room * sizeof(*events), room * sizeof(*events));

		t->failed |= !events;
		if (!events)
			return;
		t->events = events;
		t->events_room = room;
	}
	t->events[t->kept++] = *event;
}

static bool is_before(const struct event *a, const struct event *b)
{
	return a->time != b->time ? a->time < b->time : a->end < b->end;
}

static void sift_down(struct event *events, size_t at, size_t count)
{
	struct event e = events[at];

	for (size_t child; (child = at * 2 + 1) < count; at = child) {
		child += child + 1 < count && is_before(events + child, events + child + 1);
		if (!is_before(&e, events + child))
			break;
		events[at] = events[child];
	}
	events[at] = e;
}

static void sort_events(struct event *events, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(events, i, count);
	for (size_t n = count; n-- > 1;) {
		struct event last = events[n];

		events[n] = events[0];
		events[0] = last;
		sift_down(events, 0, n);
	}
}

/* An event after `now` stays for the next call: the pipe of a CPU that was read before may have an
   earlier one by then. */
void tracing_read(struct tracing *t, void (*fn)(const struct event *, void *), void *data)
{
	uint64_t now = sys_clock_ns();
	size_t passed = 0;

	t->saved = false;
	for (size_t i = 0; i < t->count; i++)
		while (sys_read(t->pipes[i].fd, t->page, t->layout.page) > 0
		       && event_each(&t->layout, t->page, keep_event, t) <= now)
			;
	sort_events(t->events, t->kept);
	while (passed < t->kept && t->events[passed].time <= now)
		fn(t->events + passed++, data);
	t->kept -= passed;
	if (t->kept)	/* events is NULL before the first one */
		memmove(t->events, t->events + passed, t->kept * sizeof(*t->events));
}

uint64_t tracing_lost(const struct tracing *t)
{
	char path[64], text[512];
	struct out out = OUT_TEXT(path);
	uint64_t lost = 0;

	for (size_t i = 0; i < t->count; i++) {
		out.len = 0;
		out_fmt(&out, "per_cpu/cpu%d/stats", t->pipes[i].cpu);
		if (read_at(t->instance, out_text(&out), text, sizeof(text)) > 0)
			lost += (uint64_t)proc_field(text, "\noverrun") + (uint64_t)proc_field(text, "dropped events");
	}
	return lost;
}

/* ---- Callers ---- */

/* "PID NAME" is a line of saved_cmdlines. */
static void find_saved(struct tracing *t, int pid, char command[16])
{
	static char text[256 * 1024];
	char key[16];
	struct out out = OUT_TEXT(key);
	const char *at;
	size_t len;

	out_fmt(&out, "\n%d ", pid);
	text[0] = '\n';
	if (!t->saved)
		read_at(t->root, "saved_cmdlines", text + 1, sizeof(text) - 1);
	t->saved = true;
	at = text_find(text, out_text(&out));
	if (!at)
		return;
	at += out.len;
	len = strcspn(at, "\n");
	if (!len)
		return;
	len = len < PROC_COMMAND_MOST ? len : PROC_COMMAND_MOST;
	memcpy(command, at, len);
	command[len] = '\0';
}

void tracing_command(struct tracing *t, int pid, char command[16])
{
	command[0] = '?', command[1] = '\0';
	if (pid == 0)
		memcpy(command, "kernel", sizeof("kernel"));
	else if (proc_is_outermost())
		proc_command(pid, command);
	if (command[0] == '?' && !command[1])
		find_saved(t, pid, command);
}

bool tracing_is_thread(int thread, int process)
{
	char path[48];
	struct sys_stat st;

	if (thread == process)
		return true;
	text_fmt(path, sizeof(path), "/proc/%d/task/%d", process, thread);
	return sys_statx(AT_FDCWD, path, false, &st) == 0;
}
