/* SPDX-License-Identifier: MIT */
/* relay_notify: see relay_notify.h. */
#include "relay_notify.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "health/server.h"
#include "proc/proc.h"
#include "proc/task.h"
#include "relay_state.h"
#include "sys.h"

/* LOOK_MS: how often the relay looks whether the kernel keeps the child waiting; LOOKS: it does if the child has slept
   from one look to the next so often. LATE_MS: for where /proc does not show that. MOST: the kernel refuses larger
   notifications but STORE, which drop_instead_of_store() makes smaller. QUEUE: bytes that wait, some 400,000
   notifications. LEFT: bytes of it for which the next server waits. */
enum { LOOK_MS = 20, LOOKS = 2, LATE_MS = 5000, STUCK_MS = 10000, MOST = 8192, QUEUE = 16 << 20, LEFT = 64 << 10 };

static struct {
	struct child child;	/* pid 0: it has ended; socket -1: there is none */
	char *now;		/* shared with the child: what it writes */
	size_t size;		/* of that; 0: it writes nothing */
	uint64_t since;		/* when the child was told, in ns */
	uint64_t looked;	/* when the relay looked at the child, in ns */
	uint64_t activity;	/* as proc_activity() was then */
	int asleep;		/* in how many looks it had not run since the look before */
	bool late;		/* the relay has gone on meanwhile */
	bool again;		/* a child has ended over this one */
	int guard;		/* the socket whose end tells the guard that the keeper has ended; 0: there is no guard */
	char *queue;		/* the notifications that wait, from `begin` to `end`; each begins at a multiple of 8 */
	size_t begin, end;
} notifier = { .child = { 0, -1 } };

/* ---- The child ---- */

/* A process that serves has this name for the census of fuse-info. */
static void __attribute__((noreturn)) write_all(int socket, int keeper)
{
	uint32_t size;

	sys_die_with_parent();
	sys_name_process(SERVER_NOTIFIER);
	if (sys_getppid() != keeper)
		sys_exit(1);
	while (sys_read(socket, &size, sizeof(size)) == sizeof(size)) {
		sys_write(relay.device, notifier.now, size);
		sys_write(socket, "", 1);
	}
	sys_exit(0);
}

static bool start_guard(void)
{
	int socket, pid;

	if (notifier.guard)
		return true;
	pid = child_fork(&socket);
	if (pid == 0)
		relay_guard(socket);
	if (pid > 0)
		notifier.guard = socket;
	return pid > 0;
}

static bool start(void)
{
	int keeper = sys_getpid();

	if (!notifier.now)
		notifier.now = sys_shared_pages(RELAY_ROOM);
	if (!notifier.now || !start_guard())
		return false;
	notifier.child.pid = child_fork(&notifier.child.socket);
	if (notifier.child.pid == 0) {
		sys_close_others((const int[]) { notifier.child.socket, relay.device }, 2, false);
		write_all(notifier.child.socket, keeper);
	}
	if (notifier.child.pid < 0)
		notifier.child = (struct child) { 0, -1 };
	return notifier.child.pid;
}

/* The keeper reaps it. */
static void forget_child(void)
{
	if (notifier.child.socket >= 0)
		sys_close(notifier.child.socket);
	notifier.child = (struct child) { 0, -1 };
}

void relay_notify_ended(int pid)
{
	if (pid == notifier.child.pid)
		notifier.child.pid = 0;
}

/* ---- What waits ---- */

static uint64_t ms_since(uint64_t ns)
{
	return (sys_clock_ns() - ns) / NS_PER_MS;
}

static void tell_child(size_t size)
{
	uint32_t number = (uint32_t)size;

	notifier.size = size;
	notifier.late = false;
	notifier.since = notifier.looked = sys_clock_ns();
	notifier.asleep = 0;
	if ((notifier.child.socket < 0 && !start()) || sys_write(notifier.child.socket, &number, sizeof(number)) < 0) {
		forget_child();
		notifier.size = 0;
	}
}

/* Makes a STORE an INVAL_INODE of the same bytes: the two messages have the node and the offset in the same places.
   False if it is another message. */
static bool drop_instead_of_store(void *message)
{
	struct { struct fuse_out_header head; union { struct fuse_notify_store_out store; struct fuse_notify_inval_inode_out drop; }; } *n
		= message;

	if (n->head.error != FUSE_NOTIFY_STORE)
		return false;
	n->head.error = FUSE_NOTIFY_INVAL_INODE;
	n->head.len = sizeof(n->head) + sizeof(n->drop);
	n->drop.len = n->store.size;
	return true;
}

static bool is_full(void)
{
	return notifier.end - notifier.begin + MOST > QUEUE;
}

static void append(void *message)
{
	const struct fuse_out_header *out = message;

	drop_instead_of_store(message);
	if (out->len > MOST || is_full() || (!notifier.queue && !(notifier.queue = sys_pages(QUEUE))))
		return;
	if (notifier.end + MOST > QUEUE) {
		memmove(notifier.queue, notifier.queue + notifier.begin, notifier.end - notifier.begin);
		notifier.end -= notifier.begin;
		notifier.begin = 0;
	}
	memcpy(notifier.queue + notifier.end, message, out->len);
	notifier.end += (out->len + 7) & ~(size_t)7;
}

static void tell_next(void)
{
	const struct fuse_out_header *out = (const void *)(notifier.queue + notifier.begin);

	if (notifier.begin < notifier.end) {
		memcpy(notifier.now, out, out->len);
		notifier.begin += (out->len + 7) & ~(size_t)7;
		tell_child(out->len);
		return;
	}
	if (notifier.queue)
		sys_free_pages(notifier.queue, QUEUE);
	notifier.queue = NULL;
	notifier.begin = notifier.end = 0;
}

/* ---- For the relay ---- */

void relay_notify(void *message, size_t size)
{
	if (notifier.size || notifier.begin < notifier.end) {
		append(message);
		if (!notifier.size)
			tell_next();	/* no child could be started before */
	} else if (notifier.child.socket >= 0 || start()) {
		memcpy(notifier.now, message, size);
		notifier.again = false;
		tell_child(size);
	}
}

/* A child that has not run on a busy machine does not wait for the server. */
static bool is_kept_waiting(void)
{
	int pid = notifier.child.pid;
	uint64_t activity;

	if (pid && ms_since(notifier.looked) >= LOOK_MS) {
		notifier.looked = sys_clock_ns();
		activity = proc_activity(pid);
		notifier.asleep = task_state(pid, pid) == 'D' && activity == notifier.activity ? notifier.asleep + 1 : 0;
		notifier.activity = activity;
	}
	return notifier.asleep >= LOOKS;
}

/* The queue is full only if the relay has gone on. */
enum relay_notify_state relay_notify_state(int *milliseconds)
{
	uint64_t passed = notifier.size ? ms_since(notifier.since) : 0;

	*milliseconds = -1;
	if (!notifier.size)
		return RELAY_LISTEN;
	if (is_full()) {
		*milliseconds = STUCK_MS - (int)passed;
		return passed >= STUCK_MS ? RELAY_STUCK : RELAY_WAIT;
	}
	notifier.late = notifier.late || passed >= LATE_MS || is_kept_waiting();
	if (notifier.late)
		return RELAY_LISTEN;
	*milliseconds = LOOK_MS;
	return RELAY_WAIT;
}

int relay_notify_socket(void)
{
	return notifier.child.socket;
}

/* The child writes a notification again that was late, or over which a child was killed, unless the next child is
   killed over it, too. */
void relay_notify_go_on(void)
{
	char byte;
	bool ended = sys_read(notifier.child.socket, &byte, 1) != 1, again = ended && !notifier.again;

	if (ended)
		forget_child();
	notifier.again = again;
	again |= notifier.late && drop_instead_of_store(notifier.now);
	if (again && notifier.size)
		tell_child(((const struct fuse_out_header *)(const void *)notifier.now)->len);
	else
		notifier.size = 0;
	if (!notifier.size)
		tell_next();
}

void relay_notify_pass(void)
{
	if (notifier.end - notifier.begin > LEFT)
		notifier.end = notifier.begin;
	notifier.late = true;
	notifier.since = sys_clock_ns();
}

void relay_notify_leave(void)
{
	if (notifier.guard)
		sys_close(notifier.guard);
}

bool relay_notify_end(void)
{
	int status;

	if (notifier.child.pid)
		sys_kill(notifier.child.pid, SIGKILL);
	return !notifier.child.pid || sys_wait_ended(notifier.child.pid, &status) != 0;
}
