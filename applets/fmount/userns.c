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

const struct opt fmount_userns_options[] = {
	OPT(0, "userns", OPT_FLAG, struct fmount, userns, "", "mount in a new user and mount namespace"),
};

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

static volatile int command;	/* fmount's child, the guard, or the guard's child */
static int guard;		/* in the guard: its pid */

/* Ignore a signal that the terminal sends to the command as well. The command's process has this
   handler until it executes the program. */
static void ignore_signal(int sig)
{
	if (guard && sys_getpid() != guard)
		sys_exit(128 + sig);
}

static const int passed[] = { SIGTERM, SIGUSR1, SIGUSR2 };
enum { PASSED = sizeof(passed) / sizeof(*passed) };

/* fmount asks the guard to pass on passed[i] by the signal PASS_FIRST + i, since the guard itself
   ignores passed[i]: the command gets one that is sent to the whole process group. The kernel sends FMOUNT_ENDED. */
enum { PASS_FIRST = 40, FMOUNT_ENDED = PASS_FIRST + PASSED };

static void ask_guard(int sig)
{
	for (int i = 0; i < PASSED; i++)
		if (sig == passed[i])
			sys_kill(command, PASS_FIRST + i);
}

static void pass_on(int sig)
{
	int wanted = sig == FMOUNT_ENDED ? SIGKILL : passed[sig - PASS_FIRST];

	if (command <= 0)
		sys_exit(128 + wanted);
	sys_kill(command, wanted);
}

static void catch_signals(void (*on_passed)(int))
{
	static const int left[] = { SIGINT, SIGQUIT, SIGHUP };

	for (int i = 0; i < PASSED; i++)
		sys_catch_signal(passed[i], on_passed);
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
	int pid, status;

	while (sys_clock_ns() < end) {
		while ((pid = sys_wait_ended(-1, &status)) > 0)
			;
		if (pid == -ECHILD)
			return true;
		proc_each(signal_child, &ending);
		sys_sleep_ms(LOOK_EVERY_MS);
	}
	return false;
}

/* Waits for the child, ends the processes that it leaves, and exits with its status. */
static void __attribute__((noreturn)) attend(int child)
{
	enum { TERM_MS = 2000, KILL_MS = 3000 };
	int status;

	sys_close_others(NULL, 0, false);	/* /dev/fuse above all */
	status = wait_for_command(child);
	if (has_own_proc() && !end_children(SIGTERM, TERM_MS))
		end_children(SIGKILL, KILL_MS);
	sys_exit(status < 0 ? msg_errno(1, "wait", status) : status);
}

static int guard_fork(void)
{
	int fmount = sys_getpid(), err = sys_adopt_orphans();

	for (int i = PASS_FIRST; i <= FMOUNT_ENDED; i++)	/* before the fork: fmount may send one at once */
		sys_signal(i, pass_on);
	command = err ? err : sys_fork();
	if (command)
		return command;
	guard = sys_getpid();
	catch_signals(ignore_signal);
	sys_signal_after_parent(FMOUNT_ENDED);
	if (sys_getppid() != fmount)
		sys_exit(1);
	return 0;
}

/* fmount and the guard, its child, both adopt orphans: the processes of the command are ended if
   either of them is killed. */
int fmount_userns_run(void)
{
	int child = guard_fork();

	if (child < 0)
		return child;
	if (child > 0) {
		catch_signals(ask_guard);
		attend(child);
	}
	child = sys_adopt_orphans();
	child = child ? child : sys_fork();
	if (child < 0)
		sys_exit(msg_errno(1, "fork", child));
	if (child > 0) {
		command = child;
		attend(child);
	}
	sys_die_with_parent();
	if (sys_getppid() != guard)
		sys_exit(1);
	return 0;
}
