/* SPDX-License-Identifier: MIT */
/* files WORK PATH COUNT: nanoseconds for one, over COUNT.
 *
 *   write read          FILE   one is a MiB, in blocks of as much; write is over what is there
 *   direct              FILE   one is 4 KiB with O_DIRECT, anywhere
 *   create stat openread rename unlink
 *                       DIRECTORY   one is a file; rename is of what create makes,
 *                                   unlink of what rename makes
 *   mix                 DIRECTORY   one is a file made, getattr_fd for, read and removed
 *   tree walk           DIRECTORY   one is an empty file in a tree: made, getattr_fd for
 *   getattr1 getattr2   PATH   one is a round trip of one client on CPU 0, and of a
 *                              second one on CPU 1 at the same time
 *   mix1 mix2 mix4      DIRECTORY   one is a file as of mix, by so many clients at the same
 *                              time, each in a directory of its own, shared out to the CPUs
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

enum { MIB = 1 << 20, BLOCK = 4096, SMALL = 1000, FILES_IN_DIRECTORY = 1000 };

static char *buf;

static void check(int failed, const char *what)
{
	if (failed) {
		perror(what);
		_exit(1);
	}
}

/* ---- One large file ---- */

static int64_t large(const char *path, long count, int flags)
{
	int fd = open(path, flags);
	int64_t start = now();

	check(fd < 0, path);
	for (long i = 0; i < count; i++)
		check((flags & O_WRONLY ? write(fd, buf, MIB) : read(fd, buf, MIB)) != MIB, path);
	start = now() - start;
	close(fd);
	return start;
}

static int64_t direct(const char *path, long count)
{
	int fd = open(path, O_RDONLY | O_DIRECT);
	uint64_t random = 88172645463325252u, blocks;
	struct stat st;
	int64_t start;

	check(fd < 0 || fstat(fd, &st) < 0 || st.st_size < BLOCK, path);
	blocks = (uint64_t)st.st_size / BLOCK;
	start = now();
	for (long i = 0; i < count; i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		check(pread(fd, buf, BLOCK, (off_t)(random % blocks * BLOCK)) != BLOCK, path);
	}
	start = now() - start;
	close(fd);
	return start;
}

/* ---- Many small ones, in the current directory ---- */

static const char *name(char kind, long i)
{
	static char names[2][32];
	static int which;

	which = !which;
	snprintf(names[which], sizeof(names[which]), "%c%ld", kind, i);
	return names[which];
}

static void create(long i)
{
	int fd = open(name('f', i), O_WRONLY | O_CREAT | O_EXCL, 0644);

	check(fd < 0 || write(fd, buf, SMALL) != SMALL || close(fd) < 0, "create");
}

static void ask(long i)
{
	struct stat st;

	check(stat(name('f', i), &st) < 0 || st.st_size != SMALL, "stat");
}

static void openread(long i)
{
	int fd = open(name('f', i), O_RDONLY);

	check(fd < 0 || read(fd, buf, BLOCK) != SMALL || close(fd) < 0, "read");
}

static void move(long i)
{
	check(rename(name('f', i), name('r', i)) < 0, "rename");
}

static void removes(long i)
{
	check(unlink(name('r', i)) < 0, "unlink");
}

/* statx(2) with AT_STATX_FORCE_SYNC asks the server, whatever the kernel has cached. */
static void getattr(int fd)
{
	struct statx x;

	check(statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &x) < 0, "statx");
}

static void mix(long i)
{
	int fd;

	create(i);
	fd = open(name('f', i), O_RDONLY);
	check(fd < 0 || read(fd, buf, BLOCK) != SMALL, "read");
	getattr(fd);
	close(fd);
	move(i);
	removes(i);
}

/* Spread over several directories, so that none is too large. */
static const char *in_tree(long i, int file)
{
	static char path[64];

	snprintf(path, sizeof(path), file ? "d%ld/f%ld" : "d%ld", i / FILES_IN_DIRECTORY, i);
	return path;
}

static void plant(long i)
{
	check(i % FILES_IN_DIRECTORY == 0 && mkdir(in_tree(i, 0), 0755) < 0, "mkdir");
	check(mknod(in_tree(i, 1), S_IFREG | 0644, 0) < 0, "mknod");
}

static void walk(long i)
{
	struct stat st;

	check(stat(in_tree(i, 1), &st) < 0, "walk");
}

static int64_t each(const char *directory, long count, void (*once)(long i))
{
	int64_t start;

	check(chdir(directory) < 0, directory);
	start = now();
	for (long i = 0; i < count; i++)
		once(i);
	return now() - start;
}

/* ---- Clients at once ---- */

struct clients {
	int many;
	long count;	/* of each */
	void (*prepare)(const char *path, int which);
	void (*once)(long i);
};

static int getattr_fd = -1;

static void prepare_getattr(const char *path, int which)
{
	(void)which;
	getattr_fd = open(path, O_PATH);
	check(getattr_fd < 0, path);
	getattr(getattr_fd);
}

static void getattr_once(long i)
{
	(void)i;
	getattr(getattr_fd);
}

static void prepare_mix(const char *path, int which)
{
	char own[16];

	snprintf(own, sizeof(own), "client%d", which);
	check(chdir(path) < 0 || (mkdir(own, 0755) < 0 && errno != EEXIST) || chdir(own) < 0, path);
}

static void client(const struct clients *c, const char *path, int which, int ready, int go)
{
	cpu_set_t cpu;
	char byte = 0;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)(which % sysconf(_SC_NPROCESSORS_ONLN)), &cpu);
	check(sched_setaffinity(0, sizeof(cpu), &cpu) < 0, "affinity");
	c->prepare(path, which);
	check(write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1, "pipe");
	for (long i = 0; i < c->count; i++)
		c->once(i);
	_exit(0);
}

/* The processes wait for a byte that the parent sends once all of them are ready; the result is
   the time of the slowest one. */
static int64_t clients(const struct clients *c, const char *path)
{
	int ready[2], go[2], status;
	char byte = 0;
	int64_t start;

	check(pipe(ready) < 0 || pipe(go) < 0, "pipe");
	for (int i = 0; i < c->many; i++)
		if (fork() == 0)
			client(c, path, i, ready[1], go[0]);
	for (int i = 0; i < c->many; i++)
		check(read(ready[0], &byte, 1) != 1, "pipe");
	start = now();
	for (int i = 0; i < c->many; i++)
		check(write(go[1], &byte, 1) != 1, "pipe");
	for (int i = 0; i < c->many; i++)
		check(wait(&status) < 0 || status != 0, "client");
	return (now() - start) / c->many;
}

int main(int argc, char **argv)
{
	const char *work = argc == 4 ? argv[1] : "", *path = argc == 4 ? argv[2] : "";
	long count = argc == 4 ? atol(argv[3]) : 0;
	static const struct { const char *name; void (*once)(long i); } small[] = {
		{ "create", create }, { "stat", ask }, { "openread", openread }, { "rename", move },
		{ "unlink", removes }, { "mix", mix }, { "tree", plant }, { "walk", walk },
	};
	int64_t took = -1;

	buf = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	check(buf == MAP_FAILED, "mmap");
	memset(buf, 'x', MIB);
	if (strcmp(work, "write") == 0)
		took = large(path, count, O_WRONLY | O_TRUNC);
	else if (strcmp(work, "read") == 0)
		took = large(path, count, O_RDONLY);
	else if (strcmp(work, "direct") == 0)
		took = direct(path, count);
	else if (strncmp(work, "getattr", 7) == 0)
		took = clients(&(struct clients){ atoi(work + 7), count, prepare_getattr, getattr_once }, path);
	else if (strncmp(work, "mix", 3) == 0 && work[3])
		took = clients(&(struct clients){ atoi(work + 3), count, prepare_mix, mix }, path);
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++)
		if (strcmp(work, small[i].name) == 0)
			took = each(path, count, small[i].once);
	if (took < 0 || count <= 0)
		return fprintf(stderr, "files WORK PATH COUNT\n"), 2;
	return printf("%lld\n", (long long)(took / count)) < 0;
}
