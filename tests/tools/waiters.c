/* SPDX-License-Identifier: MIT */
/* waiters [-n EACH] [-k KINDS] [-s MS] DIRECTORY: starts processes that each wait for one operation in a
   directory with the files f0 to f9. It opens the files that they need, prints "ready", and starts the
   operations at the first byte of its input. Each process prints a line, "KIND ERRNO" (0: success; 7:
   SIGBUS for mmap), or "KIND -SIGNAL" if a signal ends it; the last line is "over". At the end of its
   input waiters kills the processes that are left.
   -s: each is busy for so many milliseconds after its operation, and then closes its files.
   KINDS: some of stat,open,read,write,readdir,rename,lock,mmap,fsync,close,mkdir; all by default. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fds[3], dir, busy_ms;
static volatile char *mapping;
static char sink[65536] __attribute__((aligned(4096)));

static int do_stat(void)
{
	struct statx st;
	return statx(dir, "f1", AT_STATX_FORCE_SYNC, STATX_ALL, &st);
}
static int do_open(void) { return openat(dir, "f2", O_RDONLY) < 0 ? -1 : 0; }
static int do_read(void) { return pread(fds[0], sink, 4096, 65536) < 0 ? -1 : 0; }
static int do_write(void) { return pwrite(fds[0], sink, 4096, 0) < 0 ? -1 : 0; }
static int do_readdir(void)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY);
	return fd < 0 || syscall(SYS_getdents64, fd, sink, sizeof(sink)) < 0 ? -1 : 0;
}
static int do_rename(void) { return renameat(dir, "f3", dir, "f4"); }
static int do_mkdir(void) { return mkdirat(dir, "new", 0755); }
static int do_fsync(void) { return fsync(fds[1]); }
static int do_close(void) { return close(fds[1]); }
static int do_lock(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
	return fcntl(fds[1], F_SETLKW, &l);
}
static void on_bus(int sig)
{
	static const char line[] = "mmap 7\n";
	_exit(write(1, line, sizeof(line) - 1) < 0 ? 98 : sig);
}
static int do_mmap(void)
{
	signal(SIGBUS, on_bus);
	return mapping[512 * 1024] & 0;
}

static const struct { const char *name; int (*run)(void); } kinds[] = {
	{ "stat", do_stat }, { "open", do_open }, { "read", do_read }, { "write", do_write },
	{ "readdir", do_readdir }, { "rename", do_rename }, { "lock", do_lock }, { "mmap", do_mmap },
	{ "fsync", do_fsync }, { "close", do_close }, { "mkdir", do_mkdir },
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), MOST = 20000 };

static struct { pid_t pid; int kind; } started[MOST];

static int wanted(const char *list, const char *name)
{
	const char *at = list ? strstr(list, name) : NULL;
	size_t n = strlen(name);
	return !list || (at && (at == list || at[-1] == ',') && (!at[n] || at[n] == ','));
}

static void tell(int kind, int result)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %d\n", kinds[kind].name, result);

	if (write(1, line, (size_t)n) != n)
		_exit(98);
}

static void be_busy(void)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < busy_ms);
}

/* Returns at once: the child's exit closes inherited descriptors, which may block again. */
static pid_t start(int kind, const int go[2])
{
	pid_t pid = fork();
	char c;

	if (pid)
		return pid;
	close(go[1]);
	if (read(go[0], &c, 1) != 0)
		_exit(99);
	tell(kind, kinds[kind].run() < 0 ? errno : 0);
	be_busy();
	_exit(0);
}

static void open_files(const char *mountpoint)
{
	dir = mountpoint ? open(mountpoint, O_RDONLY | O_DIRECTORY) : -1;
	if (dir >= 0) {
		fds[0] = openat(dir, "f0", O_RDWR | O_DIRECT);
		fds[1] = openat(dir, "f5", O_RDWR);
		fds[2] = openat(dir, "f7", O_RDWR);
		mapping = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, fds[2], 0);
	}
	if (dir < 0 || fds[0] < 0 || fds[1] < 0 || mapping == MAP_FAILED) {
		perror("waiters");
		exit(2);
	}
}

/* Starts `each` processes of each kind in the list. Returns how many there are. */
static int start_all(const char *list, int each, const int go[2])
{
	int count = 0;

	for (int kind = 0; kind < KINDS; kind++) {
		for (int i = 0; i < each && count < MOST && wanted(list, kinds[kind].name); i++) {
			pid_t pid = start(kind, go);

			if (pid > 0)
				started[count].pid = pid, started[count++].kind = kind;
		}
	}
	return count;
}

static void kill_all(int count)
{
	for (int i = 0; i < count; i++)
		if (started[i].pid)
			kill(started[i].pid, SIGKILL);
}

static void report_end(int count, pid_t pid, int status)
{
	for (int i = 0; i < count; i++) {
		if (started[i].pid != pid)
			continue;
		started[i].pid = 0;
		if (WIFSIGNALED(status))
			printf("%s -%d\n", kinds[started[i].kind].name, WTERMSIG(status));
	}
}

/* Returns once all have ended. The end of standard input kills those that are left. */
static void wait_all(int count)
{
	int status;

	for (int left = count; left; ) {
		struct pollfd p = { .fd = 0, .events = POLLIN };
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			report_end(count, pid, status);
			left--;
		} else if (poll(&p, 1, 2) > 0 && read(0, sink, 1) <= 0) {
			kill_all(count);
		}
	}
}

int main(int argc, char **argv)
{
	const char *list = NULL;
	int each = 1, c, count, go[2];

	while ((c = getopt(argc, argv, "n:k:s:")) > 0) {
		if (c == 'n')
			each = atoi(optarg);
		else if (c == 's')
			busy_ms = atoi(optarg);
		else
			list = optarg;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	open_files(argv[optind]);
	if (pipe(go) < 0)
		return perror("waiters"), 2;
	count = start_all(list, each, go);
	puts("ready");
	if (read(0, sink, 1) != 1)
		kill_all(count);
	close(go[0]);
	close(go[1]);
	wait_all(count);
	puts("over");
	_exit(0);
}
