/* SPDX-License-Identifier: MIT */
/* wake_server: see wake_server.h. */
#include "wake_server.h"

#include <errno.h>
#include <poll.h>

#include "fuse_kernel.h"
#include "health/fusectl.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "sys/trace.h"

enum { FUSE_MAJOR = 10, FUSE_MINOR = 229, PROBES = 3, BUFFER = (1 << 20) + 65536, READ_MS = 100 };

/* ---- Whose device it is, where fdinfo does not tell (before Linux 6.16) ---- */

struct probe { int device; uint64_t connection; char *buf; };

/* Has the kernel queue a NOTIFY_REPLY, which servers ignore unless they have asked for it. */
static void queue_reply(const struct probe *p)
{
	const struct { struct fuse_out_header header; struct fuse_notify_retrieve_out ask; } message = {
		.header = { .len = sizeof(message), .error = FUSE_NOTIFY_RETRIEVE },
		.ask = { .notify_unique = WAKE_PROBE, .nodeid = FUSE_ROOT_ID },
	};

	sys_write(p->device, &message, sizeof(message));
}

/* Gives back a request that came between poll(2) and the reply. Before Linux 6.10 that is not possible:
   its caller tries again after EINTR. */
static void give_back(const struct probe *p, uint64_t unique)
{
	const struct fuse_out_header resend = { .len = sizeof(resend), .error = FUSE_NOTIFY_RESEND };
	const struct fuse_out_header error = { .len = sizeof(error), .error = -EINTR, .unique = unique };

	if (sys_write(p->device, &resend, sizeof(resend)) < 0)
		sys_write(p->device, &error, sizeof(error));
}

static void unqueue_reply(const struct probe *p)
{
	const struct fuse_in_header *in = (const void *)p->buf;
	ssize_t n = trace_read(p->device, p->buf, BUFFER, READ_MS);

	if (n >= (ssize_t)sizeof(*in) && in->opcode != FUSE_NOTIFY_REPLY)
		give_back(p, in->unique);
}

/* Whether a request that is queued at the device counts among those of the connection. */
static bool counts_one_more(const struct probe *p)
{
	bool empty = !(sys_poll_now(p->device) & POLLIN);
	int64_t before = fusectl_waiting(p->connection), after;

	queue_reply(p);
	after = fusectl_waiting(p->connection);
	if (empty)
		unqueue_reply(p);
	return before >= 0 && after == before + 1;
}

/* Others may change the count meanwhile, so it has to grow each time. */
static bool belongs_to(const struct probe *p)
{
	for (int i = 0; i < PROBES; i++)
		if (!counts_one_more(p))
			return false;
	return true;
}

/* Keeps, of the devices from `first` on, those of the connection. Their process stands still. */
static int keep_own(struct wake_servers *s, int first, uint64_t connection)
{
	struct probe p = { .connection = connection, .buf = sys_pages(BUFFER) };
	int count = s->count;

	if (!p.buf)
		return -ENOMEM;
	s->count = first;
	for (int i = first; i < count; i++) {
		p.device = s->devices[i];
		if (belongs_to(&p))
			s->devices[s->count++] = p.device;
	}
	sys_free_pages(p.buf, BUFFER);
	return 0;
}

/* ---- The servers ---- */

/* Whether a descriptor of this process is one of the connection, as far as fdinfo tells, and the connection is not over. */
static bool is_device_of(int fd, uint64_t connection)
{
	struct sys_stat st;
	char name[12];
	struct out out = OUT_TEXT(name);
	uint64_t told;
	int err, events;

	if (sys_statx(fd, "", false, &st) < 0 || st.rdev_major != FUSE_MAJOR || st.rdev_minor != FUSE_MINOR)
		return false;
	out_fmt(&out, "%d", fd);
	err = proc_connection("self", out_text(&out), &told);
	events = sys_poll_now(fd);
	return events >= 0 && !(events & POLLERR) && (err == -ENODATA || (!err && told == connection));
}

/* What is no device of the connection is not closed here: that may block. */
static int fetch_device(struct wake_servers *s, int pidfd, int fd, uint64_t connection)
{
	int device = trace_fetch_fd(pidfd, fd);

	if (device < 0)
		return device;
	if (!is_device_of(device, connection))
		return -ESTALE;
	s->devices[s->count++] = device;
	return 0;
}

/* Holds the process of servers[0 … n), if one of these descriptors is the connection's. They are fetched
   through the pidfd, so that they belong to the process that is held, whichever process that is by
   now. */
static int hold_server(struct wake_servers *s, const struct wake_job *job, const struct server *servers, int n)
{
	struct hold *hold = s->holds + s->hold_count;
	int pidfd = sys_pidfd_open(servers->pid), first = s->count, err = pidfd < 0 ? pidfd : 0, one;

	*hold = (struct hold) { .count = 0 };
	s->pid = servers->pid;
	for (int i = 0; i < n && pidfd >= 0; i++) {
		one = fetch_device(s, pidfd, servers[i].fd, job->connection);
		err = one ? one : err;
	}
	if (s->count > first)
		err = hold_process(hold, servers->pid, pidfd);
	if (!err && job->untold)
		err = keep_own(s, first, job->connection);
	if (pidfd >= 0)
		sys_close(pidfd);
	if (!err && s->count > first)
		return s->hold_count++, 0;
	hold_release(hold);
	s->count = first;
	return err ? err : -ENODATA;
}

static int count_same(const struct server *servers, int most)
{
	int n = 1;

	while (n < most && servers[n].pid == servers->pid)
		n++;
	return n;
}

/* A candidate that this process may not trace is passed over: it may serve another connection. */
static bool is_fatal(const struct wake_job *job, int err)
{
	return err && !job->untold && err != -ESRCH && err != -ESTALE;
}

int servers_hold(struct wake_servers *s, const struct wake_job *job)
{
	int err = -ESRCH, n = 0;

	s->hold_count = s->count = 0;
	for (int i = 0; i < job->server_count; i += n) {
		n = count_same(job->servers + i, job->server_count - i);
		err = hold_server(s, job, job->servers + i, n);
		if (is_fatal(job, err))
			return err;
	}
	return s->count ? 0 : job->untold && job->server_count > n ? -ENODATA : err;
}

void servers_release(struct wake_servers *s)
{
	while (s->hold_count)
		hold_release(s->holds + --s->hold_count);
}
