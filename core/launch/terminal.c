/* SPDX-License-Identifier: MIT */
/* terminal: gives up the controlling terminal before a server with other privileges starts.
 * See launch.h. */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "proc/proc.h"
#include "sys.h"

/* Returns a descriptor of the controlling terminal, or -1 if there is none. The caller closes it
   if *opened. */
static int find_terminal(bool *opened)
{
	int fd = sys_open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);

	*opened = fd >= 0;
	if (*opened && !sys_has_terminal(fd)) {
		sys_close(fd);
		*opened = false;
	}
	for (int i = 0; !*opened && i <= 2; i++)
		if (sys_has_terminal(i))
			return i;
	return *opened ? fd : -1;
}

static struct proc_held server;

static void forward_signal(int sig)
{
	if (server.pid)
		proc_signal(&server, sig);
}

static void __attribute__((noreturn)) wait_for_server(int child)
{
	int status = 0;

	/* An open /dev/fuse descriptor here would keep the connection alive without its server. */
	sys_close_others(NULL, 0, false);
	proc_hold(&server, child);
	sys_wait(child, &status);
	sys_exit(launch_exit_status(status));
}

/* A session leader cannot call setsid(2), but its child can. */
static int leave_session(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	int child;

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sys_catch_signal(signals[i], forward_signal);
	child = sys_fork();
	if (child > 0)
		wait_for_server(child);
	return child < 0 ? child : sys_setsid() < 0 ? -EPERM : 0;
}

/* A process can read from a terminal through an inherited read-write descriptor, so reopen output
   write-only. */
static int replace_descriptors(void)
{
	char path[32];
	int err = 0;

	for (int fd = 0; !err && fd <= 2; fd++) {
		int other;

		if (!sys_terminal_width(fd))
			continue;
		other = fd ? sys_open(sys_fd_path(path, fd), O_WRONLY | O_NOCTTY, 0) : -1;
		if (other < 0)
			other = sys_open("/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
		err = other < 0 ? other : sys_dup2(other, fd);
		err = err < 0 ? err : 0;
		if (other > 2)
			sys_close(other);
	}
	return err;
}

int launch_leave_terminal(const struct launch *l)
{
	bool opened;
	int terminal, err = 0;

	if (!l->user && !l->drop_caps)
		return 0;
	terminal = find_terminal(&opened);
	if (terminal >= 0)
		err = sys_leads_session() ? leave_session() : sys_give_up_terminal(terminal);
	if (opened)
		sys_close(terminal);
	return err ? err : replace_descriptors();
}
