/* SPDX-License-Identifier: MIT */
/* fmount --userns: mount without any privilege, in new user and mount namespaces that map the
 * caller's ids to themselves. user_namespaces(7).
 *
 * No process can enter the namespaces later, so the processes that the command leaves behind are
 * killed: a remaining server would serve a mount that no process sees.
 */
#include <errno.h>
#include <signal.h>

#include "fmount.h"
#include "cli/map.h"
#include "msg.h"
#include "opt.h"
#include "proc/proc.h"
#include "sys.h"
#include "mount/userns.h"

int fmount_userns(void)
{
	const char *object;
	int err = userns_enter(&object);

	if (err && *object == 'u') {
		msg("%s: %s; fmount --check says what forbids it", object, msg_reason(err));
		return 1;
	}
	return err ? msg_errno(1, object, err) : 0;
}

/* ---- The command and its end ---- */

static volatile int command;

static void forward_signal(int sig)
{
	sys_kill(command, sig);
}

/* Ignore a signal that the terminal sends to the command as well. */
static void ignore_signal(int sig)
{
	(void)sig;
}

int fmount_userns_fork(void)
{
	int child, err = sys_adopt_orphans();

	child = err ? err : sys_fork();
	if (child == 0)
		sys_die_with_parent();
	return child;
}

static void catch_signals(void)
{
	static const int passed[] = { SIGTERM, SIGUSR1, SIGUSR2 }, left[] = { SIGINT, SIGQUIT, SIGHUP };

	for (unsigned int i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		sys_catch_signal(passed[i], forward_signal);
	for (unsigned int i = 0; i < sizeof(left) / sizeof(*left); i++)
		sys_catch_signal(left[i], ignore_signal);
}

static int wait_for_command(int child)
{
	int pid, status;

	do
		pid = sys_wait(-1, &status);
	while (pid > 0 && pid != child);
	return pid < 0 ? pid : launch_exit_status(status);
}

struct ending { int signal; struct map told; };

/* Signal each child once, since fusebox's servers abort the connection on a second signal. The pid
   of a child is not reused before sys_wait(). */
static int signal_child(const char *pid, void *data)
{
	struct ending *ending = data;
	struct proc_facts facts;
	uint64_t number;

	if (opt_number(pid, INT32_MAX, &number) == 0 && proc_facts((int)number, &facts) == 0
	    && facts.parent == sys_getpid() && !map_find(&ending->told, number)
	    && map_add(&ending->told, number, 0) == 0)
		sys_kill((int)number, ending->signal);
	return 0;
}

/* Whether /proc shows the pids of this PID namespace. */
static bool has_own_proc(void)
{
	char link[12];
	ssize_t n = sys_readlink("/proc/self", link, sizeof(link) - 1);
	uint64_t number;

	link[n > 0 ? n : 0] = '\0';
	return opt_number(link, INT32_MAX, &number) == 0 && (int)number == sys_getpid();
}

/* Signal all children until none is left. An exiting child leaves its own children to this process
   (PR_SET_CHILD_SUBREAPER), so search again each time. True if none is left. */
static bool end_children(int sig, int milliseconds)
{
	enum { LOOK_EVERY_MS = 20 };
	struct ending ending = { .signal = sig };
	uint64_t end = sys_clock_ns() + (uint64_t)milliseconds * 1000000;

	while (sys_clock_ns() < end) {
		int pid, status;

		proc_each(signal_child, &ending);
		sys_sleep_ms(LOOK_EVERY_MS);
		while ((pid = sys_wait_ended(-1, &status)) > 0)
			;
		if (pid == -ECHILD)
			return true;
	}
	return false;
}

int fmount_userns_wait(int child)
{
	enum { TERM_MS = 2000, KILL_MS = 3000 };
	int status;

	command = child;
	catch_signals();
	sys_close_others(NULL, 0, false);	/* /dev/fuse above all */
	status = wait_for_command(child);
	if (has_own_proc() && !end_children(SIGTERM, TERM_MS))
		end_children(SIGKILL, KILL_MS);
	return status < 0 ? msg_errno(1, "wait", status) : status;
}
