/* SPDX-License-Identifier: MIT */
/* removing DIRECTORY SIZE: reads DIRECTORY with getdents64(2), SIZE bytes at a time, removes
   each entry as it is read, like rm -r, and prints how many. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry { uint64_t ino; int64_t off; uint16_t size; uint8_t type; char name[]; };

int main(int argc, char **argv)
{
	static _Alignas(8) char buf[1 << 16];
	int dir = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1, count = 0;
	long n;

	if (dir < 0)
		return 2;
	while ((n = syscall(SYS_getdents64, dir, buf, (size_t)atoi(argv[2]))) > 0)
		for (long i = 0; i < n; i += ((const struct entry *)(const void *)(buf + i))->size)
			count += unlinkat(dir, ((const struct entry *)(const void *)(buf + i))->name, 0) == 0;
	printf("%d\n", count);
	return n < 0;
}
