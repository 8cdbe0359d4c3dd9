/* SPDX-License-Identifier: MIT */
/* take_fd SOCKET PROGRAM: connects to SOCKET ('@': an abstract name), receives a descriptor, and
   leaves PROGRAM /dev/fd/N running with it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char byte, control[CMSG_SPACE(sizeof(int))], path[32];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	size_t size;
	int fd, s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 3)
		return 2;
	strncpy(at.sun_path, argv[1], sizeof(at.sun_path) - 1);
	size = offsetof(struct sockaddr_un, sun_path) + strlen(at.sun_path);
	if (*argv[1] == '@')
		at.sun_path[0] = '\0';
	if (connect(s, (struct sockaddr *)&at, (socklen_t)size) < 0 || recvmsg(s, &m, 0) != 1
	    || !CMSG_FIRSTHDR(&m))
		return perror(argv[1]), 1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	if (fork() != 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	freopen("/dev/null", "w", stdout);
	freopen("/dev/null", "w", stderr);
	execlp(argv[2], argv[2], path, (char *)NULL);
	return 127;
}
