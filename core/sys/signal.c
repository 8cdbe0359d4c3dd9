/* SPDX-License-Identifier: MIT */
/* signal: signals. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "call.h"

int sys_signal(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (sigaction(sig, &action, NULL) < 0)
		return -errno;
	/* The mask survives execve(2): a parent may have blocked what this process waits for. */
	if (handler != SIG_DFL && handler != SIG_IGN)
		syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &(const uint64_t) { (uint64_t)1 << (sig - 1) }, NULL, sizeof(uint64_t));
	return 0;
}

void sys_reset_signals(void)
{
	static uint64_t nothing[8];	/* SIG_DFL; an empty set; a timer that is off. Not const: .bss takes no space in the file */

	for (long sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, nothing, NULL, sizeof(uint64_t));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, sizeof(uint64_t));
	for (long timer = ITIMER_REAL; timer <= ITIMER_PROF; timer++)
		syscall(SYS_setitimer, timer, nothing, NULL);
}

bool sys_ignores_signal(int sig)
{
	struct sigaction now = { .sa_handler = SIG_DFL };

	return sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int sys_catch_signal(int sig, void (*handler)(int))
{
	return sys_ignores_signal(sig) ? 0 : sys_signal(sig, handler);
}

int sys_sigcont_on_input(int fd)
{
	enum { SET_SIGNAL = 10 };

	sys_signal(SIGIO, SIG_IGN);	/* the kernel sends SIGIO if it cannot queue SIGCONT */
	if (syscall(NR_FCNTL, fd, SET_SIGNAL, SIGCONT) < 0 || syscall(NR_FCNTL, fd, F_SETOWN, getpid()) < 0)
		return -errno;
	return (int)call_result(syscall(NR_FCNTL, fd, F_SETFL, syscall(NR_FCNTL, fd, F_GETFL) | O_ASYNC));
}
