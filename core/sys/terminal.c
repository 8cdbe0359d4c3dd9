/* SPDX-License-Identifier: MIT */
/* terminal: terminals. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

int sys_terminal_width(int fd)
{
	struct winsize size = { .ws_col = 0 };

	if (syscall(SYS_ioctl, fd, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col ? size.ws_col : 80;	/* a serial line has no size */
}

bool sys_has_terminal(int fd)
{
	int session;

	return syscall(SYS_ioctl, fd, TIOCGSID, &session) >= 0;
}

CALL(int, sys_give_up_terminal, (int fd), syscall(SYS_ioctl, fd, TIOCNOTTY))
bool sys_leads_session(void) { return syscall(SYS_getsid, 0) == getpid(); }
