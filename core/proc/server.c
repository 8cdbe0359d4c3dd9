/* server: see server.h. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "opt.h"
#include "out.h"
#include "proc.h"
#include "sys.h"

/* The inode of /proc/PID/ns/pid in the first namespace: PROC_PID_INIT_INO. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

struct search {
	int (*fn)(const struct server *server, void *data);
	void *data;
	bool hidden;	/* something could not be looked at */
};

static bool is_device(struct search *s, int fds, const char *name)
{
	struct sys_stat st;
	int err = sys_statx(fds, name, false, &st);

	s->hidden |= err == -EACCES;	/* the directory can be read, what is in it not */
	return !err && st.rdev_major == 10 && st.rdev_minor == 229;
}

static int look_at_fd(struct search *s, const char *pid, const char *fd)
{
	struct server server;
	uint64_t number;
	int err = proc_connection(pid, fd, &server.connection);

	if (err && err != -ENODATA)
		return 0;	/* closed meanwhile */
	if (err) {
		s->hidden = true;
		server.connection = SERVER_NOT_TOLD;
	}
	opt_number(pid, INT32_MAX, &number);
	server.pid = (int)number;
	opt_number(fd, INT32_MAX, &number);
	server.fd = (int)number;
	return s->fn(&server, s->data);
}

static int look_at(const char *pid, void *data)
{
	struct search *s = data;
	char path[32];
	struct out out = OUT_TEXT(path);
	struct proc_dir fds;
	const char *name;
	int result;

	out_fmt(&out, "/proc/%s/fd", pid);
	result = proc_opendir(&fds, AT_FDCWD, out_text(&out));
	if (result < 0) {
		s->hidden |= result != -ENOENT && result != -ESRCH;
		return 0;
	}
	while (!result && (name = proc_readdir(&fds)))
		if (is_device(s, fds.fd, name))
			result = look_at_fd(s, pid, name);
	sys_close(fds.fd);
	return result;
}

int server_each(int (*fn)(const struct server *, void *), void *data)
{
	struct search s = { .fn = fn, .data = data };
	struct sys_stat ns;
	int result = proc_each(look_at, &s);

	if (result)
		return result < 0 ? -EAGAIN : result;
	if (sys_statx(AT_FDCWD, "/proc/self/ns/pid", true, &ns) < 0 || ns.inode != FIRST_PID_NAMESPACE)
		return -EAGAIN;
	return s.hidden || proc_hides() ? -EAGAIN : 0;
}

bool server_is_over(const struct server *server)
{
	int events = sys_poll_of(server->pid, server->fd);

	return events > 0 && (events & POLLERR);
}

struct wanted { uint64_t connection; int pid; };

static int is_wanted(const struct server *server, void *data)
{
	struct wanted *w = data;

	w->pid = server->pid;
	return server->connection == w->connection && !server_is_over(server);
}

int server_find(uint64_t connection)
{
	struct wanted w = { .connection = connection };
	int result = server_each(is_wanted, &w);

	return result > 0 ? w.pid : result;
}
