/* SPDX-License-Identifier: MIT */
/* at_call [-c CALL] [-n N] [-a ACTION] [-o] [-t] COMMAND...: run a command, and stop it and its children where a
   test wants to have something happen in between.
     -n, -a  the shell runs ACTION when one of them is about to make the Nth system call of all, with that
	     process's number in CALLER; it waits for ACTION
     -o      meanwhile the others go on: only that process is held
     -c      count only CALL: pidfd_open, pidfd_getfd, ptrace, writev, fstatfs, setns, umount2
     -t      what they read of fdinfo does not tell of which connection a device is, as before Linux 6.16
   Writes the count to the file that AT_CALL_COUNT names, and behind it the number of the first ptrace(2), and
   exits as the command does. What is left of its children goes on. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { const char *name; long number; } names[] = {
	{ "pidfd_open", SYS_pidfd_open }, { "pidfd_getfd", SYS_pidfd_getfd }, { "ptrace", SYS_ptrace },
	{ "writev", SYS_writev }, { "fstatfs", SYS_fstatfs }, { "setns", SYS_setns },
	{ "umount2", SYS_umount2 },
};
enum { MOST = 256 };

/* The call in which each process is. */
static struct { pid_t pid; unsigned long long nr, buf; } in[MOST];
static long count, at, traced, only = -1;
static const char *action;
static int hide, others_go_on;
static pid_t acting, held;

static size_t slot_of(pid_t pid)
{
	size_t i = 0;

	while (i < MOST - 1 && in[i].pid && in[i].pid != pid)
		i++;
	in[i].pid = pid;
	return i;
}

static void act(pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	setenv("CALLER", number, 1);
	if (!others_go_on) {
		if (system(action) < 0)
			exit(125);
		return;
	}
	held = pid;
	acting = fork();
	if (acting == 0) {
		execl("/bin/sh", "sh", "-c", action, (char *)NULL);
		_exit(127);
	}
}

/* Spoils the name of the line of fdinfo that tells the connection, in what a process has just read. */
static void hide_connection(pid_t pid, unsigned long long at_address, long long size)
{
	static const char name[] = "fuse_connection";
	char text[4096], *found;
	const struct iovec here = { text, size < (long long)sizeof(text) ? (size_t)size : sizeof(text) };
	struct iovec one = { (void *)(uintptr_t)at_address, here.iov_len };
	ssize_t n = process_vm_readv(pid, &here, 1, &one, 1, 0);

	found = n > 0 ? memmem(text, (size_t)n, name, sizeof(name) - 1) : NULL;
	if (!found)
		return;
	one.iov_base = (char *)one.iov_base + (found - text);
	one.iov_len = 1;
	if (process_vm_writev(pid, &(struct iovec) { (void *)"x", 1 }, 1, &one, 1, 0) != 1)
		exit(125);
}

static void on_call(pid_t pid)
{
	struct __ptrace_syscall_info info;
	size_t slot = slot_of(pid);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		in[slot].nr = info.entry.nr;
		in[slot].buf = info.entry.args[1];
		if (info.entry.nr == SYS_ptrace && !traced)
			traced = count;
		if ((only < 0 || info.entry.nr == (unsigned long long)only) && ++count == at)
			act(pid);
	} else if (hide && info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.rval > 0
		   && (in[slot].nr == SYS_read || in[slot].nr == SYS_pread64)) {
		hide_connection(pid, in[slot].buf, info.exit.rval);
	}
}

static void go_on(pid_t pid, int status)
{
	const int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80))
		on_call(pid);
	if (event == PTRACE_EVENT_STOP && sig != SIGTRAP)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	else if (pid != held)
		ptrace(PTRACE_SYSCALL, pid, NULL, event || sig == (SIGTRAP | 0x80) ? 0L : (long)sig);
}

static int follow(pid_t command)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno != EINTR)
			return 125;
		if (pid <= 0)
			continue;
		if (WIFSTOPPED(status)) {
			go_on(pid, status);
			continue;
		}
		if (pid == acting) {
			ptrace(PTRACE_SYSCALL, held, NULL, NULL);
			acting = held = 0;
			continue;
		}
		in[slot_of(pid)].nr = 0;
		if (pid == command)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

static pid_t start(char **command)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		raise(SIGSTOP);
		execvp(*command, command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid || ptrace(PTRACE_SEIZE, pid, NULL, options))
		return -1;
	kill(pid, SIGCONT);
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	return pid;
}

static void tell_count(void)
{
	const char *path = getenv("AT_CALL_COUNT");
	FILE *out = path ? fopen(path, "we") : NULL;

	if (!out)
		return;
	fprintf(out, "%ld %ld\n", count, traced);
	fclose(out);
}

int main(int argc, char **argv)
{
	int option, result;
	pid_t pid;

	while ((option = getopt(argc, argv, "+c:n:a:ot")) > 0) {
		for (size_t i = 0; option == 'c' && i < sizeof(names) / sizeof(*names); i++)
			if (strcmp(names[i].name, optarg) == 0)
				only = names[i].number;
		if (option == 'n')
			at = atol(optarg);
		hide |= option == 't';
		others_go_on |= option == 'o';
		if (option == 'a')
			action = optarg;
	}
	if (optind >= argc || (at && !action) || (pid = start(argv + optind)) < 0)
		return 125;
	result = follow(pid);
	tell_count();
	return result;
}
