/* SPDX-License-Identifier: MIT */
/* commfd: the caller of fusermount3, as libfuse is.
 *
 *	commfd [-n | -u | -x] WHILE-MOUNTED HELPER ARGUMENTS...
 *
 * Runs HELPER with one end of a socket pair: its number is in _FUSE_COMMFD (-n: it is not), and
 * replaces "@" in the arguments. Prints what it receives and how HELPER ends, runs the bash command
 * WHILE-MOUNTED, and closes the descriptor and the socket afterwards. -u: expects no descriptor, and
 * runs the command while HELPER runs. -x: closes its end before HELPER starts. */
#include <fcntl.h>
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

/* Leave the directory that the mount may cover: a shell stats its working directory. */
static void bash(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (getenv("w") && chdir(getenv("w")) == 0)
			setenv("PWD", getenv("w"), 1);
		execlp("bash", "bash", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static pid_t child;

static void report(int status)
{
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fflush(stdout);
}

static int is_asleep(void)
{
	char path[32], line[512], *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		line[0] = 0;
	if (file)
		fclose(file);
	state = strrchr(line, ')');
	return state && state[2] == 'S';
}

/* With auto_unmount the helper keeps watching: it must sleep, and not have ended, after 200 ms.
   (On a busy machine it may not run before.) */
static void await_end(int received)
{
	int status, asleep = 0;

	while (received && asleep < 100) {
		if (waitpid(child, &status, WNOHANG) == child) {
			report(status);
			return;
		}
		asleep += is_asleep();
		usleep(2000);
	}
	if (received) {
		printf("goes on\n");
		fflush(stdout);
	} else if (waitpid(child, &status, 0) == child) {
		report(status);
	}
}

int main(int argc, char **argv)
{
	char mode = argc > 1 && argv[1][0] == '-' ? argv[1][1] : 0;
	int pair[2], closed[2];

	argv += mode ? 2 : 1;
	if (!argv[0] || !argv[1] || pipe2(closed, O_CLOEXEC) < 0
	    || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return 2;
	child = fork();
	if (child == 0) {
		close(closed[1]);
		if (mode == 'x' && read(closed[0], &mode, 1) != 0)
			_exit(2);
		run(argv + 1, dup(pair[1]), mode != 'n');
	}
	close(closed[0]);
	close(pair[1]);
	if (mode == 'x') {
		close(pair[0]);
		close(closed[1]);
		await_end(0);
	} else if (mode == 'u') {
		bash(argv[0]);
		shutdown(pair[0], SHUT_RDWR);
		await_end(0);
	} else if (receive(pair[0]) >= 0) {
		await_end(1);
		bash(argv[0]);
	} else {
		await_end(0);
	}
	return 0;
}
