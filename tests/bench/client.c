/* SPDX-License-Identifier: MIT */
/* client getattr|openread PATH COUNT: prints the nanoseconds of one operation, as the mean of
   COUNT. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int getattr(const char *path)
{
	static int fd = -1;
	struct statx x;

	if (fd < 0)
		fd = open(path, O_PATH);
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &x);
}

static int openread(const char *path)
{
	char byte[16];
	int fd = open(path, O_RDONLY), err;

	if (fd < 0)
		return -1;
	err = read(fd, byte, sizeof(byte)) < 0;
	close(fd);
	return err;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	int (*work)(const char *) = argc == 4 && strcmp(argv[1], "getattr") == 0 ? getattr : openread;
	long count = argc == 4 ? atol(argv[3]) : 0;
	double start;

	if (count <= 0 || work(argv[2]) || work(argv[2]))
		return perror("client"), 1;
	start = now();
	for (long i = 0; i < count; i++)
		if (work(argv[2]))
			return perror(argv[2]), 1;
	printf("%.0f\n", (now() - start) / (double)count);
	return 0;
}
