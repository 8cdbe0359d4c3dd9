/* SPDX-License-Identifier: MIT */
/* wake_server: see wake_server.h. */
#include "wake_server.h"

#include <errno.h>
#include <poll.h>

#include "out.h"
#include "sys.h"
#include "sys/trace.h"
#include "sys/vfs.h"

enum { PROBES = 3, READABLE_MS = 20, SETTLE_MS = 2 };

/* ---- Whose device it is, where fdinfo does not tell (before Linux 6.16) ----
 *
 * For root, the device number of the mounted file system tells (connection_of()). Otherwise hold the
 * device's process and send a request to the mount, which then stays where read(2) finds it: the
 * device that becomes readable is the mount's. A device with requests that the server has not read is
 * readable all the time: only reading them can tell, and RESEND gives them back. Without RESEND such
 * a device is taken only if no other one is left. */

enum verdict { FOREIGN, OWN, UNKNOWN };

/* With a device that is in use, fsconfig(2) makes no file system but finds the one that is mounted (Linux 5.15,
   for root): its device number is the connection's. With a device that is not in use yet it would make
   one: is_in_use() has excluded those by POLLERR. */
static int connection_of(int device, uint64_t *connection)
{
	char number[12];
	struct out out = OUT_TEXT(number);
	const char *const options[][2] = { { "fd", number }, { "rootmode", "40000" }, { "user_id", "0" }, { "group_id", "0" } };
	struct sys_stat st;
	int fs = sys_fsopen("fuse"), err = fs < 0 ? fs : 0, root;

	out_fmt(&out, "%d", device);
	out_text(&out);
	for (size_t i = 0; !err && i < sizeof(options) / sizeof(*options); i++)
		err = sys_fsconfig(fs, FSCONFIG_STRING, options[i][0], options[i][1]);
	if (!err)
		err = sys_fsconfig(fs, FSCONFIG_CREATE, NULL, NULL);
	root = err ? err : sys_fsmount(fs, 0);
	if (fs >= 0)
		sys_close(fs);
	if (root < 0)
		return root;
	err = sys_statx(root, "", false, &st);
	sys_close(root);
	*connection = st.dev_minor;
	return err ? err : st.dev_major ? -EINVAL : 0;
}

static enum verdict judge_by_mount(int device, uint64_t connection)
{
	uint64_t found;

	return connection_of(device, &found) < 0 ? UNKNOWN : found == connection ? OWN : FOREIGN;
}

static bool is_readable(int device, int milliseconds)
{
	return sys_poll_in(device, milliseconds) > 0;
}

static int judge_once(int device, uint64_t connection)
{
	struct ask ask;
	int err = ask_start(&ask, connection);
	bool readable = !err && is_readable(device, READABLE_MS);

	ask_end(&ask);
	return err ? err : readable ? OWN : FOREIGN;
}

/* Another process's request can make the device readable, too: believe OWN only after PROBES times. */
static int judge_by_poll(int device, uint64_t connection)
{
	int verdict = OWN;

	for (int i = 0; i < PROBES && verdict == OWN; i++)
		verdict = is_readable(device, i ? SETTLE_MS : 0) ? UNKNOWN : judge_once(device, connection);
	return verdict;
}

/* If the device is the connection's, *q stays open and has the requests that it has read; otherwise the
   server gets them back. */
static int judge_by_reading(struct wake_queue *q, struct wake_pass *pass, int device, uint64_t connection)
{
	struct ask ask;
	int err = ask_start(&ask, connection), found = FOREIGN;

	if (!err)
		err = queue_open(q, device, pass);
	if (!err)
		err = queue_read(q, true);
	if (!err && queue_end_own(q, &ask))
		found = OWN;
	ask_end(&ask);
	if (!err && found == OWN)
		return OWN;
	if (q->buf) {
		queue_resend(q);
		queue_retrieve(q);
		queue_close(q);
		q->buf = NULL;
	}
	pass->count = 0;
	return err ? err : FOREIGN;
}

static int judge_device(struct wake_servers *s, const struct wake_job *job, int device)
{
	enum verdict verdict = judge_by_mount(device, job->connection);

	if (verdict != UNKNOWN)
		return (int)verdict;
	switch (s->how) {
	case BY_POLL:
		return judge_by_poll(device, job->connection);
	case BY_READING:
		return s->q->buf ? FOREIGN : judge_by_reading(s->q, job->pass, device, job->connection);
	case BY_ELIMINATION:
		return is_readable(device, 0) ? OWN : FOREIGN;
	}
	return FOREIGN;
}

/* Of the devices from `first` on, keeps only those of the connection. */
static int keep_own(struct wake_servers *s, const struct wake_job *job, int first)
{
	int count = s->count, verdict;
	bool unknown = false;

	s->count = first;
	for (int i = first; i < count; i++) {
		verdict = judge_device(s, job, s->devices[i]);
		if (verdict < 0)
			return verdict;
		if (verdict == OWN)
			s->devices[s->count++] = s->devices[i];
		unknown |= verdict == UNKNOWN;
	}
	s->unknown += unknown;
	return 0;
}

/* ---- The servers ---- */

static bool is_in_use(int fd, uint64_t connection)
{
	int events = server_poll(fd, connection);

	return events >= 0 && !(events & POLLERR);
}

/* A descriptor that is no device of the connection stays open: it may be of any file, whose close(2) can
   block. */
static int fetch_device(struct wake_servers *s, int pidfd, int fd, const struct wake_job *job)
{
	int device = trace_fetch_fd(pidfd, fd);

	if (device < 0)
		return device;
	if (!is_in_use(device, job->connection))
		return -ESTALE;
	if (job->untold && judge_by_mount(device, job->connection) == FOREIGN)
		return sys_close(device), -ESTALE;	/* its process is not held */
	s->devices[s->count++] = device;
	return 0;
}

/* Holds the process of servers[0 … n), if one of these descriptors is the connection's. Fetching them
   through the pidfd ensures that they belong to the process that is held, even if its pid was reused since
   it was found. */
static int hold_server(struct wake_servers *s, const struct wake_job *job, const struct server *servers, int n)
{
	struct hold *hold = s->holds + s->hold_count;
	int pidfd = sys_pidfd_open(servers->pid), first = s->count, err = pidfd < 0 ? pidfd : 0, one;

	*hold = (struct hold) { .count = 0 };
	s->pid = servers->pid;
	for (int i = 0; i < n && pidfd >= 0; i++) {
		one = fetch_device(s, pidfd, servers[i].fd, job);
		err = one ? one : err;
	}
	if (s->count > first)
		err = census_is_same(job->conn) ? hold_process(hold, servers->pid, pidfd) : -ESRCH;
	if (!err && job->untold)
		err = keep_own(s, job, first);
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
	return err == -ENXIO || (err && !job->untold && err != -ESRCH && err != -ESTALE);
}

static int hold_each(struct wake_servers *s, const struct wake_job *job)
{
	struct wake_pass *pass = job->pass;
	int err = -ESRCH, n;

	for (int i = 0; i < pass->server_count; i += n) {
		n = count_same(pass->servers + i, pass->server_count - i);
		err = hold_server(s, job, pass->servers + i, n);
		for (int k = i; !err && k < i + n; k++)
			pass->serving[k] = true;
		if (is_fatal(job, err))
			return err;
	}
	/* The devices are those of the number's connection, which may be a later one. */
	return !s->count ? err : census_is_same(job->conn) ? 0 : -ESRCH;
}

/* The next way to tell whose the devices are, when each device that may be the connection's has unread
   requests; BY_POLL: no other way is left. */
static enum wake_how next_way(const struct wake_servers *s, const struct wake_job *job)
{
	if (!job->order->walk)
		return BY_READING;
	return s->unknown == 1 && job->complete ? BY_ELIMINATION : BY_POLL;
}

int servers_hold(struct wake_servers *s, const struct wake_job *job, struct wake_queue *q)
{
	const size_t most = (size_t)job->pass->server_count;
	int err;

	*s = (struct wake_servers) { .how = BY_POLL, .q = q, .holds = sys_pages(most * sizeof(*s->holds)),
				     .devices = sys_pages(most * sizeof(*s->devices)) };
	if (!s->holds || !s->devices)
		return -ENOMEM;
	vfs_raise_descriptors();
	err = hold_each(s, job);
	if (err && err != -ENXIO && s->unknown) {
		s->how = next_way(s, job);
		err = s->how == BY_POLL ? -ENODATA : hold_each(s, job);
	}
	return err && err != -ENXIO && job->untold && job->pass->server_count > 1 ? -ENODATA : err;
}

void servers_release(struct wake_servers *s)
{
	while (s->hold_count)
		hold_release(s->holds + --s->hold_count);
}
