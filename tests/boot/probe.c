/* SPDX-License-Identifier: MIT */
/* probe WORD ARGUMENTS...: asks the kernel of a booted machine, or changes a file, where the shell of
   the tour has no command for that. Static, and without fusebox's code. Exits with 0 for "yes" and
   success, else with 1 and the reason on stderr. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

/* Whether the kernel has this system call. The newer numbers are the same on all machines;
   arguments of -1 are invalid for every call. */
static int has_call(const char *number)
{
	return syscall(atol(number), -1, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS ? fail(number) : 0;
}

struct some_statx { uint32_t mask, pad[19]; int64_t born; char rest[256 - 88]; };

/* The members that statx(2) fills for this mask (hexadecimal). */
static int tells(const char *bits, const char *path)
{
	unsigned int bit = (unsigned int)strtoul(bits, NULL, 16);
	struct some_statx x;

	memset(&x, 0, sizeof(x));
	if (syscall(SYS_statx, AT_FDCWD, path, 0, bit, &x) < 0)
		return fail(path);
	return x.mask & bit ? 0 : (fprintf(stderr, "mask %x\n", (unsigned int)x.mask), 1);
}

/* Whether statmount(2) fills all members of this mask for the mount at a path. */
static int tells_of_mount(const char *bits, const char *path)
{
	struct { uint32_t size, unused; uint64_t id, param; } request = { 24, 0, 0, strtoul(bits, NULL, 16) };
	struct { uint32_t size, options; uint64_t mask; char rest[4096]; } told;
	struct { uint32_t mask, pad[35]; uint64_t mount; char rest[256 - 152]; } x;

	memset(&x, 0, sizeof(x));
	memset(&told, 0, sizeof(told));
	if (syscall(SYS_statx, AT_FDCWD, path, 0, 0x4000 /* STATX_MNT_ID_UNIQUE */, &x) < 0)
		return fail(path);
	request.id = x.mount;
	if (syscall(457, &request, &told, sizeof(told), 0) < 0)
		return fail("statmount");
	return (told.mask & request.param) == request.param ? 0 : 1;
}

static int set_attribute(const char *path, const char *name, const char *value)
{
	return setxattr(path, name, value, strlen(value), 0) < 0 ? fail(name) : 0;
}

static int attribute(const char *path, const char *name)
{
	char value[256];
	ssize_t n = getxattr(path, name, value, sizeof(value));

	if (n < 0)
		return fail(name);
	printf("%.*s\n", (int)n, value);
	return 0;
}

static int attributes(const char *path)
{
	char list[1024];
	ssize_t n = listxattr(path, list, sizeof(list));

	if (n < 0)
		return fail(path);
	for (const char *at = list; at < list + n; at += strlen(at) + 1)
		puts(at);
	return 0;
}

/* linkat(2) names a file of O_TMPFILE. */
static int nameless(const char *dir, const char *name)
{
	char path[64];
	int fd = open(dir, O_TMPFILE | O_RDWR, 0644);

	if (fd < 0)
		return fail("O_TMPFILE");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, "named late\n", 11) != 11 || linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) < 0)
		return fail(name);
	return 0;
}

/* Writes at an offset, and through a shared mapping at 0: the file must have both. */
static int write_both_ways(const char *path, const char *text, const char *offset)
{
	int fd = open(path, O_RDWR);
	size_t n = strlen(text);
	char *map;

	if (fd < 0 || pwrite(fd, text, n, (off_t)atoll(offset)) != (ssize_t)n)
		return fail(path);
	map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fail("mmap");
	memcpy(map, text, n);
	return msync(map, n, MS_SYNC) < 0 ? fail("msync") : 0;
}

static int show_time(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(path);
	printf("%lld.%ld\n", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return 0;
}

static int set_times(const char *path, const char *seconds)
{
	const struct timespec t = { .tv_sec = (time_t)atoll(seconds), .tv_nsec = 123456789 };
	const struct timespec both[2] = { t, t };

	return utimensat(AT_FDCWD, path, both, 0) < 0 ? fail(path) : show_time(path);
}

static int flags(const char *path)
{
	int fd = open(path, O_RDONLY), got = 0;

	if (fd < 0 || syscall(SYS_ioctl, fd, _IOR('f', 1, long) /* FS_IOC_GETFLAGS */, &got) < 0)
		return fail(path);
	printf("%x\n", (unsigned int)got);
	return 0;
}

/* Takes a write lock on a file; another path to the same data must show the conflict. */
static int locks(const char *path, const char *other)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)5 << 32, .l_len = 7 };
	int fd = open(path, O_RDWR), second = open(other, O_RDWR);

	if (fd < 0 || second < 0 || fcntl(fd, F_OFD_SETLK, &l) < 0)
		return fail(path);
	if (fcntl(second, F_OFD_GETLK, &l) < 0)
		return fail(other);
	printf("%s %lld+%lld\n", l.l_type == F_UNLCK ? "free" : "locked", (long long)l.l_start, (long long)l.l_len);
	return l.l_type == F_UNLCK;
}

static int as_user(char **argv)
{
	unsigned int id = (unsigned int)atoi(argv[0]);

	if (setgroups(0, NULL) < 0 || setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return fail(argv[0]);
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}

int main(int argc, char **argv)
{
	static const struct { const char *word; int operands; } words[] = {
		{ "has", 1 }, { "tells", 2 }, { "setxattr", 3 }, { "getxattr", 2 }, { "listxattr", 1 },
		{ "rmxattr", 2 }, { "nameless", 2 }, { "write", 3 }, { "times", 2 }, { "flags", 1 },
		{ "locks", 2 }, { "as", 2 }, { "mount-tells", 2 }, { "time", 1 },
	};
	unsigned int i = 0;

	while (i < sizeof(words) / sizeof(*words) && (argc < 2 || strcmp(argv[1], words[i].word) != 0))
		i++;
	if (i == sizeof(words) / sizeof(*words) || argc - 2 < words[i].operands)
		return fprintf(stderr, "probe: not understood\n"), 2;
	argv += 2;
	switch (i) {
	case 0: return has_call(argv[0]);
	case 1: return tells(argv[0], argv[1]);
	case 2: return set_attribute(argv[0], argv[1], argv[2]);
	case 3: return attribute(argv[0], argv[1]);
	case 4: return attributes(argv[0]);
	case 5: return removexattr(argv[0], argv[1]) < 0 ? fail(argv[1]) : 0;
	case 6: return nameless(argv[0], argv[1]);
	case 7: return write_both_ways(argv[0], argv[1], argv[2]);
	case 8: return set_times(argv[0], argv[1]);
	case 9: return flags(argv[0]);
	case 10: return locks(argv[0], argv[1]);
	case 11: return as_user(argv);
	case 12: return tells_of_mount(argv[0], argv[1]);
	default: return show_time(argv[0]);
	}
}
