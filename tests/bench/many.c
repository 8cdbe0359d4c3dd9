/* SPDX-License-Identifier: MIT */
/* many COUNT DIRECTORY: makes COUNT FUSE mounts, DIRECTORY/0, DIRECTORY/1 ..., whose server, this
   process, never answers. Prints "ready", and exits at the end of its input.
   many -u FROM COUNT DIRECTORY: detaches COUNT of them by umount2(2) alone, and prints how many
   nanoseconds that took. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timing.h"

static int detach(int from, int count, const char *dir)
{
	unsigned long long began = now();
	char path[4096];

	for (int i = from; i < from + count; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		if (umount2(path, MNT_DETACH) < 0)
			return perror(path), 1;
	}
	printf("%llu\n", now() - began);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 17, 1 << 17 };
	char path[4096], options[128];
	int count;

	if (argc == 5 && strcmp(argv[1], "-u") == 0)
		return detach(atoi(argv[2]), atoi(argv[3]), argv[4]);
	if (argc != 3)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	count = atoi(argv[1]);
	for (int i = 0; i < count; i++) {
		int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

		snprintf(path, sizeof(path), "%s/%d", argv[2], i);
		snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
		mkdir(path, 0755);
		if (fd < 0 || mount("many", path, "fuse.many", MS_NOSUID | MS_NODEV, options) < 0)
			return perror(path), 1;
	}
	puts("ready");
	fflush(stdout);
	return read(0, path, 1) < 0;
}
