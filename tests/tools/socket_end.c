/* SPDX-License-Identifier: MIT */
/* socket_end PROGRAM [ARGUMENTS]: runs a server on a socket instead of /dev/fuse, answers its
   INIT, and closes the socket. Exits with the server's status, or with 124 if the server has not
   ended within 10 seconds. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../include/fuse_kernel.h"

static pid_t server;

static void on_alarm(int sig)
{
	(void)sig;
	kill(server, SIGKILL);
	_exit(124);
}

static void run_server(char **argv, int count, int fd)
{
	char **words = calloc((size_t)count + 2, sizeof(*words)), path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	for (int i = 0; i < count; i++)
		words[i] = argv[i];
	words[count] = path;
	execvp(*words, words);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct { struct fuse_in_header head; struct fuse_init_in init; } request = {
		.head = { .len = sizeof(request), .opcode = FUSE_INIT, .unique = 2 },
		.init = { .major = 7, .minor = 31, .max_readahead = 131072 },
	};
	char reply[4096];
	int pair[2], status;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return 1;
	server = fork();
	if (server == 0) {
		close(pair[0]);
		run_server(argv + 1, argc - 1, pair[1]);
	}
	close(pair[1]);
	signal(SIGALRM, on_alarm);
	alarm(10);
	if (send(pair[0], &request, sizeof(request), 0) != sizeof(request) || recv(pair[0], reply, sizeof(reply), 0) < 16)
		return 1;
	close(pair[0]);
	waitpid(server, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
