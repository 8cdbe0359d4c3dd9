/* SPDX-License-Identifier: MIT */
/* poll_trap /dev/fd/N MOUNTPOINT: serves a mount whose file "file" blocks every process that
   polls or closes it, except this one. Until it is killed, it has descriptor 100 refer to that
   file and to its /dev/fuse in turns. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trap.h"

static void answer(const struct fuse_in_header *in, uint32_t friend)
{
	if (!answer_others(in) && in->pid == friend)
		reply(in, 0, NULL, 0);
}

static void serve(uint32_t friend)
{
	static char buf[1 << 18];

	while (read(dev, buf, sizeof(buf)) > 0)
		answer((const void *)buf, friend);
	exit(0);
}

int main(int argc, char **argv)
{
	char path[4096];
	int file, pid = getpid();

	if (argc != 3)
		return 2;
	dev = atoi(argv[1] + strlen("/dev/fd/"));
	if (fork() == 0)
		serve((uint32_t)pid);
	snprintf(path, sizeof(path), "%s/file", argv[2]);
	file = open(path, O_RDWR);
	if (file < 0)
		return perror(path), 1;
	for (;;) {
		dup2(dev, 100);
		dup2(file, 100);
	}
}
