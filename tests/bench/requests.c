/* SPDX-License-Identifier: MIT */
/* requests OPERATION COUNT: makes COUNT calls in the working directory, for which the kernel sends the server
   one request of that kind each, and as few others as it can. It says how long they took, in ns each. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 256 };

static char *name(const char *what, int i)
{
	static char names[2][32];
	static int next;
	char *to = names[next++ & 1];

	snprintf(to, sizeof(names[0]), "%s%d", what, i);
	return to;
}

static int file(int flags)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("file", flags, 0644);
	return fd;
}

static int none(int i)
{
	struct stat st;

	return stat(name("none", i), &st) < 0 && errno == ENOENT ? 0 : -1;
}

static int look_up(int i)
{
	struct stat st;

	return stat(name("some", i), &st);
}

static int get_attributes(int i)
{
	struct statx st;

	(void)i;
	return statx(AT_FDCWD, "file", AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st);
}

static int set_mode(int i)
{
	return chmod("file", i & 1 ? 0600 : 0644);
}

static int open_close(int i)
{
	(void)i;
	return close(open("file", O_RDONLY));
}

static char page[PAGE] __attribute__((aligned(PAGE)));

static int read_page(int i)
{
	return pread(file(O_RDONLY | O_DIRECT), page, PAGE, (off_t)(i % PAGES) * PAGE) == PAGE ? 0 : -1;
}

static int write_page(int i)
{
	return pwrite(file(O_WRONLY | O_DIRECT), page, PAGE, (off_t)(i % PAGES) * PAGE) == PAGE ? 0 : -1;
}

static int create(int i)
{
	return close(open(name("new", i), O_CREAT | O_EXCL | O_WRONLY, 0644));
}

static int move(int i)
{
	return rename(name("new", i), name("old", i));
}

static int remove_file(int i)
{
	return unlink(name("old", i));
}

static int make_directory(int i)
{
	return mkdir(name("dir", i), 0755);
}

static int list(int i)
{
	DIR *dir = opendir("list");
	int entries = 0;

	(void)i;
	while (dir && readdir(dir))
		entries++;
	return dir ? closedir(dir) : -1;
}

/* What the operations find. */
static int prepare(int count)
{
	int err = 0, fd = open("file", O_CREAT | O_WRONLY, 0644);

	for (int i = 0; i < PAGES; i++)
		err |= write(fd, page, PAGE) != PAGE;
	err |= close(fd) | mkdir("list", 0755);
	for (int i = 0; i < 100; i++)
		err |= close(open(name("list/entry", i), O_CREAT | O_WRONLY, 0644));
	for (int i = 0; i < count; i++)
		err |= close(open(name("some", i), O_CREAT | O_WRONLY, 0644));
	return err;
}

static const struct { const char *name; int (*make)(int); } operations[] = {
	{ "lookup", look_up }, { "none", none }, { "getattr", get_attributes }, { "setattr", set_mode },
	{ "open", open_close }, { "read", read_page }, { "write", write_page }, { "create", create },
	{ "rename", move }, { "unlink", remove_file }, { "mkdir", make_directory }, { "readdir", list },
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0;
	double start = now();

	if (count > 0 && strcmp(argv[1], "prepare") == 0)
		return prepare(count) != 0;
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (count <= 0 || strcmp(argv[1], operations[i].name) != 0)
			continue;
		for (int n = 0; n < count; n++)
			if (operations[i].make(n) < 0) {
				perror(argv[1]);
				return 1;
			}
		printf("%.0f\n", (now() - start) / count);
		return 0;
	}
	fprintf(stderr, "usage: requests OPERATION|prepare COUNT\n");
	return 2;
}
