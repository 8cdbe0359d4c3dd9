/* SPDX-License-Identifier: MIT */
/* waiting COUNT FILE STATE HANG COMMAND...: starts COUNT threads that each read FILE with O_DIRECT.
   Before that it sends SIGUSR1 to the process HANG, and at the end SIGUSR2. Once the file STATE,
   fusectl's "waiting", contains COUNT, it starts COMMAND, and prints after how many nanoseconds the
   last thread is free. Exits with 1 if a read succeeds. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

static int fd, good;
static pthread_barrier_t all;

static void *wait_for_it(void *buf)
{
	pthread_barrier_wait(&all);
	if (pread(fd, buf, 4096, 0) >= 0)
		__atomic_store_n(&good, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void await(const char *state, long count)
{
	char text[32];
	long waiting = 0;

	while (waiting < count) {
		int from = open(state, O_RDONLY | O_CLOEXEC);
		ssize_t n = from < 0 ? -1 : read(from, text, sizeof(text) - 1);

		text[n > 0 ? n : 0] = '\0';
		waiting = strtol(text, NULL, 10);
		close(from);
		usleep(5000);
	}
}

/* Forks before the file is open: a child with its descriptor would wait when it closes it. */
static pid_t prepare(char **command, int go[2])
{
	pid_t pid = pipe(go) < 0 ? -1 : fork();
	char c;

	if (pid)
		return pid;
	close(go[1]);
	if (read(go[0], &c, 1) == 1)
		execvp(*command, command);
	_exit(127);
}

int main(int argc, char **argv)
{
	int count = argc > 5 ? atoi(argv[1]) : 0, status;
	static char sink[4096] __attribute__((aligned(4096)));
	pthread_t *threads = calloc((size_t)count + 1, sizeof(*threads));
	pthread_attr_t small;
	int64_t began;
	int go[2];
	pid_t pid = prepare(argv + 5, go);

	fd = pid > 0 && count > 0 ? open(argv[2], O_RDONLY | O_DIRECT | O_CLOEXEC) : -1;
	if (fd < 0 || !threads || pthread_barrier_init(&all, NULL, (unsigned int)count + 1))
		return 2;
	kill(atoi(argv[4]), SIGUSR1);
	usleep(100000);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 32768);
	for (int i = 0; i < count; i++)
		if (pthread_create(threads + i, &small, wait_for_it, sink))
			return perror("waiting"), 2;
	pthread_barrier_wait(&all);
	await(argv[3], count);
	began = now();
	if (write(go[1], "", 1) != 1)
		return 2;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%lld\n", (long long)(now() - began));
	waitpid(pid, &status, 0);
	kill(atoi(argv[4]), SIGUSR2);	/* to exit closes the file, which waits for the server */
	return good || status;
}
