/* SPDX-License-Identifier: MIT */
/* kill_at PID N: kills a server with SIGKILL when it is about to make its Nth system call after
   it has read a request; it may read further requests before that. Prints "ready" once it traces
   the server, and "killed". If this program is killed first, the server goes on. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* The next ptrace stop of the server: its status, or -1 if it has ended. */
static int next_stop(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSTOPPED(status) ? status : -1;
}

int main(int argc, char **argv)
{
	pid_t pid = argc > 2 ? atoi(argv[1]) : 0;
	int left = argc > 2 ? atoi(argv[2]) : 0, status;
	struct __ptrace_syscall_info info;
	long last = -1;
	int reads = 0;

	if (!pid || ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		return 1;
	next_stop(pid);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	puts("ready");
	fflush(stdout);
	while ((status = next_stop(pid)) >= 0) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0) {
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY && reads && --left == 0) {
				kill(pid, SIGKILL);
				puts("killed");
				return 0;
			}
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				last = (long)info.entry.nr;
			else if (last == SYS_read && info.exit.rval > 0)
				reads = 1;
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
	return 1;
}
