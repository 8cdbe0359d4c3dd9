/* SPDX-License-Identifier: MIT */
/* process: processes, and descriptors of other processes. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"

/* clone(2): on s390 the stack comes first. */
#ifdef __s390__
#define FORK_ARGUMENTS 0, SIGCHLD
#else
#define FORK_ARGUMENTS SIGCHLD, 0
#endif

CALL(pid_t, sys_fork, (void), syscall(SYS_clone, FORK_ARGUMENTS, 0, 0, 0))
CALL(int, sys_exec, (const char *path, char **argv, char **envp), execve(path, argv, envp))
CALL(int, sys_kill, (pid_t pid, int sig), kill(pid, sig))
CALL(int, sys_pidfd_open, (pid_t pid), syscall(NR_PIDFD_OPEN, pid, 0))
CALL(int, sys_pidfd_kill, (int pidfd, int sig), syscall(NR_PIDFD_SEND_SIGNAL, pidfd, sig, NULL, 0))
CALL(pid_t, sys_wait_ended, (pid_t pid, int *status), waitpid(pid, status, WNOHANG))
CALL(pid_t, sys_setsid, (void), setsid())
CALL(int, sys_die_with_parent, (void), syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
CALL(int, sys_signal_after_parent, (int sig), syscall(SYS_prctl, PR_SET_PDEATHSIG, sig, 0, 0, 0))
CALL(int, sys_adopt_orphans, (void), syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
CALL(int, sys_name_process, (const char *name), syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0))
CALL(int, sys_block_signals, (void),
     syscall(SYS_rt_sigprocmask, SIG_SETMASK, &(const uint64_t) { UINT64_MAX }, NULL, sizeof(uint64_t)))
int sys_share_files(pid_t a, pid_t b)
{
	enum { FILES = 2 /* KCMP_FILES */ };
	long order = syscall(SYS_kcmp, a, b, FILES, 0, 0);

	return order < 0 ? -errno : order == 0;
}

pid_t sys_getpid(void) { return getpid(); }
pid_t sys_getppid(void) { return getppid(); }
uid_t sys_getuid(void) { return getuid(); }
uid_t sys_geteuid(void) { return geteuid(); }
gid_t sys_getgid(void) { return getgid(); }
gid_t sys_getegid(void) { return getegid(); }
void sys_exit(int status) { _exit(status); }

pid_t sys_wait(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int sys_fetch_fd(pid_t pid, int fd)
{
	int process = sys_pidfd_open(pid), got;

	if (process < 0)
		return process;
	got = (int)call_result(syscall(NR_PIDFD_GETFD, process, fd, 0));
	sys_close(process);
	return got;
}
