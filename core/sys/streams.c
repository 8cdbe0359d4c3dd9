/* SPDX-License-Identifier: MIT */
/* streams: see streams.h. */
#include "sys/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sys/filter.h"
#include "sys/priv.h"
#include "sys.h"

static void __attribute__((noreturn)) copy_output(int from, int to)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE };
	char bytes[512];
	ssize_t n;

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sys_signal(ignored[i], SIG_IGN);
	sys_name_process("fuse-output");
	sys_close_others(&from, 1, false);
	sys_chdir("/");
	if (priv_keep_only(0) == 0 && filter_server(false) == 0)
		while ((n = sys_read(from, bytes, sizeof(bytes))) > 0 && sys_write_all(to, bytes, (size_t)n) == 0)
			;
	sys_exit(0);
}

/* Forks a process that copies a pipe to the descriptor `to` until the last writer closes the
   pipe. Returns the pipe's write end, or -errno. */
static int start_copying(int to)
{
	int pipe[2], err = sys_pipe(pipe);

	if (err)
		return err;
	err = sys_fork();
	if (err == 0)
		copy_output(pipe[0], to);
	sys_close(pipe[0]);
	if (err < 0)
		sys_close(pipe[1]);
	return err < 0 ? err : pipe[1];
}

/* Reopens a terminal for writing only, since standard output on a terminal is mostly readable,
   too. A process that may not clone mounts (-EPERM) may not change the device's owner or mode
   either, or (hellofs) can open no names at all: then a plain reopen is enough. */
static int reopen_terminal(int device)
{
	char path[32];
	int fd = sys_reopen_read_only_mount(device, O_WRONLY | O_NOCTTY);

	return fd == -EPERM ? sys_open(sys_fd_path(path, device), O_WRONLY | O_NOCTTY, 0) : fd;
}

/* Replaces an output descriptor, unless it is a socket. By /proc/self/fd an attacker in the
   server could change the mode and owner of the output's file, read a pipe or a FIFO, or start a
   lookup at a directory. */
static int replace_output(int output)
{
	struct sys_stat st;
	int fd = sys_statx(output, "", true, &st), err;

	if (fd || (st.mode & S_IFMT) == S_IFSOCK)
		return fd;
	fd = (st.mode & S_IFMT) == S_IFCHR ? reopen_terminal(output) : -ENOTTY;
	if (fd < 0)
		fd = start_copying(output);
	if (fd < 0)
		return fd;
	err = sys_dup2(fd, output);
	sys_close(fd);
	return err < 0 ? err : 0;
}

/* Makes standard input a pipe without a writer, which is at end of file. */
static int replace_input(void)
{
	int pipe[2], err = sys_pipe(pipe);

	if (err)
		return err;
	err = sys_dup2(pipe[0], 0);
	sys_close(pipe[0]);
	sys_close(pipe[1]);
	return err < 0 ? err : 0;
}

int streams_replace(void)
{
	int err = replace_input();

	for (int fd = 1; !err && fd <= 2; fd++)
		err = replace_output(fd);
	return err;
}
