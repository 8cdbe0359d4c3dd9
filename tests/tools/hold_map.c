/* SPDX-License-Identifier: MIT */
/* hold_map FILE: keeps FILE mapped, without an open descriptor of it, until it is killed. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || mmap(NULL, 5, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return perror("hold_map"), 1;
	close(fd);
	puts("mapped");
	fflush(stdout);
	return pause();
}
