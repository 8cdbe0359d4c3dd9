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

/* ---- The calls ---- */

static int flags_of(int i)
{
	static const int extra[] = { 0, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_CREAT | O_TRUNC, O_DIRECTORY,
				     O_NOFOLLOW, O_APPEND, O_CREAT | O_NOFOLLOW, O_TMPFILE };

	return (i % 3) | extra[i / 3] | O_NONBLOCK;
}

static long try_open(const char *a, const char *b, int i)
{
	char buf[8];
	int fd = i < 30 ? open(a, flags_of(i), 0765) : -1;
	long n;

	(void)b;
	if (i >= 30)
		return -INT_MAX;
	if (fd < 0)
		return -errno;
	n = i % 3 != 1 ? read(fd, buf, 4) : write(fd, "abc", 3);
	n = n < 0 ? 1000 + errno : 2000 + n;
	if (i % 3 && write(fd, "xy", 2) < 0)
		n += 5000;
	/* The offset of a directory's end differs between file systems. */
	if (n != 1000 + EISDIR && lseek(fd, -1, SEEK_END) < 0)
		n += 10000;
	if (ftruncate(fd, 4) < 0)
		n += 20000;
	if (fsync(fd) < 0)
		n += 40000;
	close(fd);
	return n;
}

static const mode_t modes[] = { 0, 0644, 0777, 04755, 02755, 01777, 07777 };
static long try_chmod(const char *a, const char *b, int i) { (void)b; return i < 7 ? chmod(a, modes[i]) : -INT_MAX; }
static long try_chown(const char *a, const char *b, int i)
{
	static const struct { uid_t u; gid_t g; } ids[] = {
		{ 0, 0 }, { 1001, -1u }, { -1u, 1001 }, { 1002, 1002 }, { -1u, -1u },
	};
	(void)b;
	return i < 5 ? lchown(a, ids[i].u, ids[i].g) : i < 10 ? chown(a, ids[i - 5].u, ids[i - 5].g) : -INT_MAX;
}
static long try_truncate(const char *a, const char *b, int i)
{
	static const off_t sizes[] = { 0, 5, 10, 100000, (1ll << 32) + 3, -1 };
	(void)b;
	return i < 6 ? truncate(a, sizes[i]) : -INT_MAX;
}
static long try_unlink(const char *a, const char *b, int i) { (void)b; return i < 1 ? unlink(a) : -INT_MAX; }
static long try_rmdir(const char *a, const char *b, int i) { (void)b; return i < 1 ? rmdir(a) : -INT_MAX; }
static long try_mkdir(const char *a, const char *b, int i) { (void)b; return i < 7 ? mkdir(a, modes[i]) : -INT_MAX; }
static long try_mknod(const char *a, const char *b, int i)
{
	static const mode_t kinds[] = { S_IFREG | 0644, S_IFIFO | 0600, S_IFSOCK | 0777, S_IFCHR | 0600, S_IFREG | 06755 };
	(void)b;
	return i < 5 ? mknod(a, kinds[i], kinds[i] == (S_IFCHR | 0600) ? 0x103 : 0) : -INT_MAX;
}
static long try_symlink(const char *a, const char *b, int i) { (void)b; return i < 2 ? symlink(i ? "" : "target", a) : -INT_MAX; }
static long try_readlink(const char *a, const char *b, int i)
{
	char buf[64];
	(void)b;
	return i < 2 ? readlink(a, buf, i ? 2 : 64) : -INT_MAX;
}
static long try_access(const char *a, const char *b, int i) { (void)b; return i < 8 ? access(a, i) : -INT_MAX; }
static long try_utimes(const char *a, const char *b, int i)
{
	static const struct timespec times[][2] = {
		{ { 5, 6 }, { 7, 8 } }, { { 0, UTIME_NOW }, { 0, UTIME_NOW } }, { { 0, UTIME_OMIT }, { 9, 0 } },
		{ { 0, UTIME_OMIT }, { 0, UTIME_OMIT } }, { { 0, UTIME_NOW }, { 0, UTIME_OMIT } }, { { 1, -1 }, { 0, 0 } },
		{ { -5, 0 }, { 1ll << 33, 0 } },
	};
	struct stat st;
	long n;
	(void)b;
	if (i >= 14)
		return -INT_MAX;
	n = utimensat(AT_FDCWD, a, times[i / 2], i % 2 ? AT_SYMLINK_NOFOLLOW : 0);
	if (n == 0 && fstatat(AT_FDCWD, a, &st, i % 2 ? AT_SYMLINK_NOFOLLOW : 0) == 0 && i / 2 != 1 && i / 2 != 4 && i / 2 != 3)
		return st.st_mtim.tv_sec * 10 + (i / 2 == 2 ? 0 : st.st_atim.tv_sec);
	return n;
}
static long try_xattr(const char *a, const char *b, int i)
{
	static const char *const keys[] = { "user.a", "trusted.a", "user.", "none.a" };
	char buf[256] = "";
	long n;
	(void)b;
	if (i >= 12)
		return -INT_MAX;
	if (i / 4 == 0)
		return getxattr(a, keys[i % 4], buf, sizeof(buf));
	if (i / 4 == 1)
		return removexattr(a, keys[i % 4]);
	if (setxattr(a, keys[i % 4], "value", 5, 0) < 0)
		return -1;
	if (setxattr(a, keys[i % 4], "v", 1, XATTR_CREATE) == 0 || errno != EEXIST)
		return 99;
	n = getxattr(a, keys[i % 4], buf, 2) < 0 ? 100 + errno : 0;
	return n * 1000 + getxattr(a, keys[i % 4], NULL, 0) * 10 + (listxattr(a, buf, sizeof(buf)) > 0);
}
static long try_fallocate(const char *a, const char *b, int i)
{
	static const int how[] = { 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE, FALLOC_FL_COLLAPSE_RANGE };
	int fd;
	long n;
	(void)b;
	if (i >= 5)
		return -INT_MAX;
	fd = open(a, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return -1;
	n = fallocate(fd, how[i], 4, 100);
	if (n == 0)
		n = lseek(fd, 0, SEEK_END) * 100 + lseek(fd, 0, SEEK_DATA);
	close(fd);
	return n;
}
static long try_rename(const char *a, const char *b, int i)
{
	static const unsigned int flags[] = { 0, RENAME_NOREPLACE, RENAME_EXCHANGE };
	return i < 3 ? syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags[i]) : -INT_MAX;
}
static long try_link(const char *a, const char *b, int i) { return i < 2 ? linkat(AT_FDCWD, a, AT_FDCWD, b, i ? AT_SYMLINK_FOLLOW : 0) : -INT_MAX; }
static long try_copy(const char *a, const char *b, int i)
{
	int from, to;
	long n;
	if (i >= 1)
		return -INT_MAX;
	from = open(a, O_RDONLY | O_NONBLOCK);
	to = open(b, O_WRONLY | O_NONBLOCK);
	n = from < 0 || to < 0 ? -1 : copy_file_range(from, NULL, to, NULL, 6, 0);
	close(from);
	close(to);
	return n;
}
/* The file is removed or renamed while it is open. */
static long try_deleted(const char *a, const char *b, int i)
{
	int fd = open(a, O_RDWR | O_NONBLOCK);
	char buf[16] = "";
	struct stat st;
	long n;
	if (i >= 2)
		return close(fd), -INT_MAX;
	if (fd < 0)
		return -1;
	n = i ? rename(a, b) : unlink(a);
	if (n == 0)
		n = pwrite(fd, "AB", 2, 3) * 1000 + pread(fd, buf, 10, 0) * 10 + (fstat(fd, &st) == 0 ? (long)st.st_nlink : 9)
		    + (memcmp(buf, "012AB", 5) == 0 ? 0 : 500000) + (fchmod(fd, 0600) == 0 ? 0 : 70000);
	close(fd);
	return n;
}

static const struct { const char *name; long (*call)(const char *, const char *, int); int two; } calls[] = {
	{ "open", try_open, 0 }, { "chmod", try_chmod, 0 }, { "chown", try_chown, 0 },
	{ "truncate", try_truncate, 0 }, { "unlink", try_unlink, 0 }, { "rmdir", try_rmdir, 0 },
	{ "mkdir", try_mkdir, 0 }, { "mknod", try_mknod, 0 }, { "symlink", try_symlink, 0 },
	{ "readlink", try_readlink, 0 }, { "access", try_access, 0 }, { "utimes", try_utimes, 0 },
	{ "xattr", try_xattr, 0 }, { "fallocate", try_fallocate, 0 },
	{ "rename", try_rename, 1 }, { "link", try_link, 1 }, { "copy", try_copy, 1 }, { "deleted", try_deleted, 1 },
};

static int part, parts = 1;

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
