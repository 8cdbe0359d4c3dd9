/* commfd: the other end of fusermount3's socket, as libfuse is.
 *
 *	commfd [-n] WHILE-MOUNTED HELPER ARGUMENTS...
 *
 * Runs HELPER with one end of a socket pair: its number in _FUSE_COMMFD (-n:
 * not there), and wherever an argument has "@". Prints what was received and
 * how HELPER ended, runs the shell command WHILE-MOUNTED, and only then closes
 * the descriptor and the socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int receive(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))], name[64], target[256];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd = -1;

	if (!c || c->cmsg_type != SCM_RIGHTS) {
		printf("received: %s\n", n > 0 ? "no descriptor" : "nothing");
		return -1;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	printf("received: byte %d, %s\n", byte, target);
	return fd;
}

static void run(char **argv, int socket, int by_environment)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", socket);
	if (by_environment)
		setenv("_FUSE_COMMFD", text, 1);
	for (char **a = argv; *a; a++) {
		char *at = strchr(*a, '@'), *whole;

		if (at && asprintf(&whole, "%.*s%s%s", (int)(at - *a), *a, text, at + 1) > 0)
			*a = whole;
	}
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	int by_environment = argc < 2 || strcmp(argv[1], "-n") != 0, pair[2], status, fd;
	pid_t pid;

	argv += by_environment ? 1 : 2;
	if (!argv[0] || !argv[1] || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 2;
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		run(argv + 1, pair[1], by_environment);
	}
	close(pair[1]);
	fd = receive(pair[0]);
	/* With auto_unmount it goes on watching: then it has not ended. */
	for (int i = 0; i < 100 && fd >= 0 && waitpid(pid, &status, WNOHANG) == 0; i++, usleep(2000))
		if (i == 99)
			status = -1;
	if (fd < 0)
		waitpid(pid, &status, 0);
	if (status == -1)
		printf("goes on\n");
	else
		printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fflush(stdout);
	if (fd >= 0 && system(argv[0]) < 0)
		return 2;
	return 0;
}
