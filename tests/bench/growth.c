/* SPDX-License-Identifier: MIT */
/* growth WORK DIRECTORY COUNT: does WORK for COUNT files of DIRECTORY, 0, 1, 2 …, and prints how many
 * nanoseconds one took. Then it waits for the end of its input, and keeps until then what it has open.
 *
 *   make   creates each file, empty
 *   stat   asks for each
 *   open   opens each
 *   list   reads the directory, which must have COUNT files
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timing.h"

static int make(const char *name)
{
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? fd : close(fd);
}

static int ask(const char *name)
{
	struct stat st;

	return stat(name, &st);
}

static int hold(const char *name)
{
	return open(name, O_RDONLY | O_CLOEXEC);
}

static int each(int (*work)(const char *name), long count)
{
	char name[32];

	for (long i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%ld", i);
		if (work(name) < 0)
			return -1;
	}
	return 0;
}

static int list(long count)
{
	DIR *dir = opendir(".");
	const struct dirent *entry;

	for (count += 2; dir && (entry = readdir(dir)); )
		count--;
	return dir && count == 0 ? closedir(dir) : -1;
}

static int run(const char *work, long count)
{
	if (strcmp(work, "list") == 0)
		return list(count);
	return each(strcmp(work, "make") == 0 ? make : strcmp(work, "open") == 0 ? hold : ask, count);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	long count = argc == 4 ? atol(argv[3]) : 0;
	int64_t began;
	char end;

	if (count < 1 || chdir(argv[2]) < 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	began = now();
	if (run(argv[1], count) < 0) {
		perror(argv[1]);
		return 1;
	}
	printf("%lld\n", (long long)(now() - began) / count);
	fflush(stdout);
	return read(0, &end, 1) < 0;
}
