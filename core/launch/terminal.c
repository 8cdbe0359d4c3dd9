/* terminal: a server of other rights is started without the terminal. See launch.h. */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "proc/proc.h"
#include "sys.h"

/* A descriptor of the controlling terminal, -1 if there is none; *opened: to be closed. */
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

static void hand_on(int sig)
{
	if (server.pid)
		proc_signal(&server, sig);
}

static void __attribute__((noreturn)) wait_for_server(int child)
{
	int status = 0;

	sys_close_others(NULL, 0, false);	/* the connection's above all */
	proc_hold(&server, child);
	sys_wait(child, &status);
	sys_exit(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
}

/* The leader of a session cannot leave its terminal; a child of it can leave the session. */
static int leave_session(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	int child;

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sys_catch_signal(signals[i], hand_on);
	child = sys_fork();
	if (child > 0)
		wait_for_server(child);
	return child < 0 ? child : sys_setsid() < 0 ? -EPERM : 0;
}

/* An open terminal can be read by whoever has the descriptor. */
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
