/* SPDX-License-Identifier: MIT */
/* syncpeer HOW HELPER ARGUMENTS...: a server that mounts with --sync-init.
 *
 * Runs HELPER, with the socket's number in place of "@" in the arguments, receives the descriptor, and
 * tells the helper to mount, which waits for the reply to INIT. HOW: "serve" answers INIT; "mute" reads
 * INIT and exits; "refuse" answers it with an error; "silent" exits without telling the helper to
 * mount. Prints the status that the helper sends, how HELPER ended, and what is mounted then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYNC_INIT _IO(229, 3)

static int receive(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

static void answer_init(int fd, int error)
{
	static char in[1 << 20];
	struct { uint32_t len; int32_t error; uint64_t unique; uint32_t init[16]; } out = { 80, 0, 0, { 7, 31 } };

	if (read(fd, in, sizeof(in)) < 40)
		_exit(3);
	memcpy(&out.unique, in + 8, 8);
	out.init[5] = 4096;	/* max_write */
	out.error = -error;
	out.len = error ? 16 : 80;
	if (write(fd, &out, out.len) < 0)
		_exit(4);
}

int main(int argc, char **argv)
{
	int pair[2], fd, status = -1;
	const char *how = argc > 2 ? argv[1] : "";
	char number[16], line[4096];
	int32_t word = 1;
	pid_t pid;
	FILE *table;

	if (!*how || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		snprintf(number, sizeof(number), "%d", dup(pair[1]));
		for (char **a = argv; *a; a++)
			if (strcmp(*a, "@") == 0)
				*a = number;
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	close(pair[1]);
	fd = receive(pair[0]);
	if (fd < 0)
		return puts("no descriptor"), 1;
	printf("%s\n", ioctl(fd, SYNC_INIT) == 0 ? "synchronous" : strerror(errno));
	if (strcmp(how, "silent") != 0 && write(pair[0], "", 1) == 1) {
		if (strcmp(how, "mute") == 0) {
			static char in[1 << 20];

			if (read(fd, in, sizeof(in)) < 40)
				return 3;
		} else {
			answer_init(fd, strcmp(how, "refuse") == 0 ? ENOMEM : 0);
			if (read(pair[0], &word, sizeof(word)) == sizeof(word))
				printf("status %d\n", word);
		}
	}
	if (strcmp(how, "silent") == 0 || strcmp(how, "mute") == 0)
		close(fd), close(pair[0]);
	waitpid(pid, &status, 0);
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	table = fopen("/proc/self/mountinfo", "r");
	while (table && fgets(line, sizeof(line), table))
		if (strstr(line, argv[argc - 1]))
			printf("mounted\n");
	return 0;
}
