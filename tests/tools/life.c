/* SPDX-License-Identifier: MIT */
/* life COUNT: the lives of so many files in the current directory: each is created, written, closed, looked at,
 * opened, read, closed, renamed and unlinked. No other call asks the file system. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 4096 };

static int live(int number)
{
	char data[SIZE] = { 'x' }, name[32], renamed[32];
	struct stat st;
	int fd;

	snprintf(name, sizeof(name), "a%d", number);
	snprintf(renamed, sizeof(renamed), "z%d", number);
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0 || write(fd, data, SIZE) != SIZE || close(fd) < 0 || stat(name, &st) < 0)
		return -1;
	fd = open(name, O_RDONLY);
	if (fd < 0 || read(fd, data, SIZE) != SIZE || close(fd) < 0)
		return -1;
	return rename(name, renamed) < 0 || unlink(renamed) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < count; i++)
		if (live(i) < 0)
			return perror("life"), 1;
	return 0;
}
