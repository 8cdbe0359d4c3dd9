/* SPDX-License-Identifier: MIT */
/* descriptor HELPER DIRECTORY COUNT: prints the median of the nanoseconds from starting HELPER
   as an ordinary user until this process holds the descriptor of the mount. */
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

static int64_t once(char **argv)
{
	const char *helper = argv[1], *directory = argv[2];
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	int pair[2];
	int64_t start, took;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		exit(2);
	start = now();
	pid = vfork();
	if (pid == 0) {
		char number[16];

		snprintf(number, sizeof(number), "%d", pair[1]);
		setenv("_FUSE_COMMFD", number, 1);
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(3);
		execl(helper, "fusermount3", "-o", "fsname=bench,subtype=bench", "--", directory, (char *)NULL);
		_exit(127);
	}
	if (recvmsg(pair[0], &m, 0) != 1 || m.msg_controllen < sizeof(control))
		exit(3);
	took = now() - start;
	waitpid(pid, NULL, 0);
	umount2(directory, MNT_DETACH);
	close(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)));
	close(pair[0]);
	close(pair[1]);
	return took;
}

int main(int argc, char **argv)
{
	return argc == 4 ? print_median(atoi(argv[3]), once, argv) : 2;
}
