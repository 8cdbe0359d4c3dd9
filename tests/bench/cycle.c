/* SPDX-License-Identifier: MIT */
/* cycle DIRECTORY COUNT SERVER...: prints, as medians, the nanoseconds from starting the server
   on DIRECTORY to the first byte of its file hello, and to the server's exit after the unmount. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

static int64_t once(char **argv)
{
	char *directory = argv[1], **server = argv + 3;
	char file[4096], byte;
	int64_t start = now();
	pid_t pid = vfork();
	int fd;

	if (pid == 0) {
		execv(server[0], server);
		_exit(127);
	}
	snprintf(file, sizeof(file), "%s/hello", directory);
	while ((fd = open(file, O_RDONLY)) < 0)
		sched_yield();
	if (read(fd, &byte, 1) != 1)
		exit(3);
	close(fd);
	if (umount2(directory, 0) < 0)
		exit(4);
	waitpid(pid, NULL, 0);
	return now() - start;
}

int main(int argc, char **argv)
{
	return argc > 3 ? print_median(atoi(argv[2]), once, argv) : 2;
}
