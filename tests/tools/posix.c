/* SPDX-License-Identifier: MIT */
/* posix DIRECTORY [PART PARTS]: makes some thousands of calls in a directory, as root and as two ordinary
   users, and prints a line for each with its result and the state of the directory. To compare two
   file systems, it leaves out times and inode numbers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const unsigned int users[] = { 0, 1001, 1002 };

/* The content of the directory before each call. */
static const char *const names[] = {
	"file", "open", "mine", "setid", "link2", "dir", "full", "full/in", "locked", "locked/in",
	"sticky", "sticky/theirs", "sgid", "sym", "dangling", "loop", "symdir", "fifo", "none",
	"file/x", "none/x", "dir/new", "sgid/new", "sticky/new", "locked/new",
};
enum { NAMES = sizeof(names) / sizeof(*names) };

/* One of the two names is each of these in turn. */
static const char *const pairs[] = {
	"file", "open", "link2", "dir", "full", "sticky/theirs", "sym", "dir/new",
};
enum { PAIRS = sizeof(pairs) / sizeof(*pairs) };

static void make(const char *name, mode_t mode, unsigned int uid)
{
	int fd = open(name, O_CREAT | O_WRONLY, 0600);

	if (write(fd, "0123456789", 10) != 10 || fchown(fd, uid, uid) < 0 || fchmod(fd, mode) < 0)
		perror(name), exit(2);
	close(fd);
}

static void make_dir(const char *name, mode_t mode, unsigned int uid)
{
	if (mkdir(name, 0700) < 0 || chown(name, uid, uid) < 0 || chmod(name, mode) < 0)
		perror(name), exit(2);
}

static void set_up(void)
{
	umask(0);
	make("file", 0644, 0);
	make("open", 0666, 0);
	make("mine", 0640, 1001);
	make("setid", 06777, 0);
	if (link("open", "link2") < 0)
		exit(2);
	make_dir("dir", 0777, 0);
	make_dir("full", 0777, 1001);
	make("full/in", 0644, 1002);
	make_dir("locked", 0700, 1001);
	make("locked/in", 0666, 1001);
	make_dir("sticky", 01777, 0);
	make("sticky/theirs", 0666, 1002);
	make_dir("sgid", 02777, 0);
	if (chown("sgid", 0, 1002) < 0 || chmod("sgid", 02777) < 0 || symlink("open", "sym") < 0
	    || symlink("none", "dangling") < 0 || symlink("loop", "loop") < 0
	    || symlink("dir", "symdir") < 0 || mkfifo("fifo", 0666) < 0)
		exit(2);
}

static void clear(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char name[PATH_MAX];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (unlink(name) < 0) {
			clear(name);
			rmdir(name);
		}
	}
	if (dir)
		closedir(dir);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Records the directory: names, modes, owners, links, sizes. */
static void tell(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char name[PATH_MAX];
		struct stat st;

		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0) {
			snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
			if (lstat(name, &st) < 0) {
				printf(" %s:%d", name, errno);
			} else {
				printf(" %s:%o:%u:%u", list[i]->d_name, st.st_mode, st.st_uid, st.st_gid);
				if (!S_ISDIR(st.st_mode))
					printf(":%ld:%ld", (long)st.st_nlink, (long)st.st_size);
				if (S_ISDIR(st.st_mode))
					printf("("), tell(name), printf(")");
			}
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

#include "posix_calls.h"

/* ---- The users, each a process that makes calls as it is told ---- */

struct order { int call, i; char a[32], b[32]; };
struct result { long n; int error; };
static struct user { int to, from; } workers[sizeof(users) / sizeof(*users)];

static void __attribute__((noreturn)) work(unsigned int user, int from, int to)
{
	struct order order;

	umask(027);
	if (user && (syscall(SYS_setgroups, 0, NULL) < 0 || setgid(user) < 0 || setuid(user) < 0))
		_exit(3);
	while (read(from, &order, sizeof(order)) == sizeof(order)) {
		struct result result;

		errno = 0;
		result.n = calls[order.call].call(order.a, order.b, order.i);
		result.error = errno;
		if (write(to, &result, sizeof(result)) != sizeof(result))
			break;
	}
	_exit(0);
}

static void start_workers(void)
{
	for (size_t u = 0; u < sizeof(users) / sizeof(*users); u++) {
		int there[2], back[2];

		if (pipe(there) < 0 || pipe(back) < 0)
			exit(2);
		fflush(stdout);
		if (fork() == 0) {
			close(there[1]);
			work(users[u], there[0], back[1]);
		}
		close(there[0]);
		close(back[1]);
		workers[u] = (struct user) { there[1], back[0] };
	}
}

static struct result ask(size_t u, int c, const char *a, const char *b, int i)
{
	struct order order = { .call = c, .i = i };
	struct result result;

	strcpy(order.a, a);
	strcpy(order.b, b);
	if (write(workers[u].to, &order, sizeof(order)) != sizeof(order)
	    || read(workers[u].from, &result, sizeof(result)) != sizeof(result))
		exit(2);
	return result;
}

/* A call that failed, or only looked, leaves the directory as it was: the next call
   starts from the same state, and the directory is not made anew. */
static int leaves_alone(int c, const struct result *result)
{
	return result->n < 0 || calls[c].call == try_access || calls[c].call == try_readlink;
}

/* Returns false if there is no such case. */
static int one(int c, const char *a, const char *b, int i, size_t u)
{
	static int clean;
	struct result result;

	if (!clean)
		set_up();
	result = ask(u, c, a, b, i);
	clean = leaves_alone(c, &result);
	if (result.n != -INT_MAX) {
		printf("%s %s %s %d %u: %ld %s", calls[c].name, a, b, i, users[u], result.n,
		       result.n == -1 ? strerrorname_np(result.error) : "");
		tell(".");
		puts("");
	}
	if (!clean)
		clear(".");
	return result.n != -INT_MAX;
}

static int cases(int c, const char *a, const char *b)
{
	static int number;
	int i, more = number++ % parts == part;

	for (i = 0; more; i++)
		for (size_t u = 0; more && u < sizeof(users) / sizeof(*users); u++)
			more = one(c, a, b, i, u);
	return i;
}

int main(int argc, char **argv)
{
	if ((argc != 2 && argc != 4) || chdir(argv[1]) < 0)
		return 2;
	if (argc == 4) {
		part = atoi(argv[2]);
		parts = atoi(argv[3]);
	}
	start_workers();
	for (int c = 0; c < (int)(sizeof(calls) / sizeof(*calls)); c++)
		for (int a = 0; a < (calls[c].two ? PAIRS : NAMES); a++)
			for (int b = 0; b < (calls[c].two ? PAIRS : 1); b++)
				cases(c, calls[c].two ? pairs[a] : names[a], calls[c].two ? pairs[b] : "");
	clear(".");
	return 0;
}
