/* SPDX-License-Identifier: MIT */
/* creds HELPER ARGUMENTS...: runs HELPER with a socket in _FUSE_COMMFD, and prints the ids
   that the kernel shows the receiver of each message (SCM_CREDENTIALS): "uid U gid G". */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns 0 at the end of the connection. */
static int print_ids(int socket)
{
	char byte[16], control[256];
	struct iovec iov = { byte, sizeof(byte) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };

	if (recvmsg(socket, &m, 0) <= 0)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		const struct ucred *ids = (const void *)CMSG_DATA(c);

		if (c->cmsg_type == SCM_CREDENTIALS)
			printf("uid %u gid %u\n", ids->uid, ids->gid);
	}
	return send(socket, "", 1, MSG_NOSIGNAL) == 1;	/* --sync-init: go on */
}

int main(int argc, char **argv)
{
	char number[16];
	int pair[2], on = 1;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0
	    || setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return 2;
	if (fork() == 0) {
		close(pair[0]);
		snprintf(number, sizeof(number), "%d", pair[1]);
		setenv("_FUSE_COMMFD", number, 1);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	close(pair[1]);
	while (print_ids(pair[0]))
		;
	wait(NULL);
	return 0;
}
