/* SPDX-License-Identifier: MIT */
/* proc_trap exec|late|epoll /dev/fd/N MOUNTPOINT: serves a mount that never answers POLL or FLUSH for
   its file, and so makes reads of a process's files in /proc block until the connection is aborted.
   exec: a process with /dev/fuse open executes a program, and waits in FLUSH meanwhile.
   late: the same after SIGUSR1; until then a child waits in FLUSH.
   epoll: descriptor 100 of a process is /dev/fuse and an epoll descriptor in turns, while another
   process waits in epoll_ctl(2). After 60 seconds (on an idle machine) the server answers everything. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "trap.h"

static struct fuse_in_header held[8];
static unsigned int held_count;

static void answer(const struct fuse_in_header *in)
{
	if (!answer_others(in) && held_count < sizeof(held) / sizeof(*held))
		held[held_count++] = *in;
}

/* Whatever happens to the test, the trap must not block processes of the machine for ever. */
static void answer_all(int sig)
{
	(void)sig;
	for (unsigned int i = 0; i < held_count; i++)
		reply(&held[i], 0, NULL, 0);
	_exit(0);
}

/* Longer than the time limits of the tests, which tests/lib.sh multiplies by SLOWNESS. */
static unsigned int limit(void)
{
	const char *slowness = getenv("SLOWNESS");

	return 60 * (slowness && atoi(slowness) > 0 ? (unsigned int)atoi(slowness) : 1);
}

static void serve(void)
{
	static char buf[1 << 18];

	signal(SIGALRM, answer_all);
	alarm(limit());

	while (read(dev, buf, sizeof(buf)) > 0)
		answer((const void *)buf);
	exit(0);
}

static void spin(void)
{
	for (volatile int i = 0; i < 3000; i++)
		;
}

static int swap_with_epoll(int file)
{
	int epoll = epoll_create1(0);

	if (fork() == 0) {
		struct epoll_event event = { .events = EPOLLIN };

		_exit(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event) != 0);
	}
	alarm(limit());
	for (;;) {
		dup2(dev, 100);
		spin();
		dup2(epoll, 100);
		spin();
	}
}

/* The child's descriptor is a copy, so closing it sends FLUSH as well. */
static void wait_for_signal(int file)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (fork() == 0) {
		close(file);
		_exit(0);
	}
	sigwait(&set, &sig);
}

int main(int argc, char **argv)
{
	char path[4096];
	int file;

	if (argc != 4)
		return 2;
	dev = atoi(argv[2] + strlen("/dev/fd/"));
	if (fork() == 0)
		serve();
	snprintf(path, sizeof(path), "%s/file", argv[3]);
	file = open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return 1;
	if (strcmp(argv[1], "epoll") == 0)
		return swap_with_epoll(file);
	if (strcmp(argv[1], "late") == 0)
		wait_for_signal(file);
	execl("/bin/true", "true", NULL);
	return 1;
}
