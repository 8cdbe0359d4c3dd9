/* SPDX-License-Identifier: MIT */
/* shared_write FILE: tries to change the cached page of FILE through a shared mapping, as any
   user who may open it. Exits with 0 if that succeeded, else 1. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	char *page;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	page = mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	page[0] = 'J';
	return 0;
}
