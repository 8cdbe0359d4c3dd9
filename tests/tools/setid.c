/* SPDX-License-Identifier: MIT */
/* setid DIRECTORY: prints which set-id bits and capabilities a file keeps after each kind of
   change by root, its owner, a member of its group, and another user. For comparing one file
   system with another. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SIZE = 64 * 1024, BLOCK = 4096 };

static const struct { const char *name; uid_t uid; gid_t gid, other; } callers[] = {
	{ "root", 0, 0, 0 }, { "owner", 1001, 1001, 1001 }, { "owner outside the group", 1001, 1005, 1005 },
	{ "owner by a second group", 1001, 1005, 1001 }, { "group", 1002, 1001, 1001 }, { "others", 1003, 1003, 1003 },
};

static const mode_t modes[] = { 06777, 02767, 04777, 02777, 06767, 0777 };

static int on_open(const char *path, int flags, int (*act)(int))
{
	int fd = open(path, flags), err = fd < 0 ? errno : act(fd) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static char block[BLOCK] __attribute__((aligned(BLOCK)));
static int act_write(int fd) { return (int)pwrite(fd, block, BLOCK, 0); }
static int act_none(int fd) { return write(fd, block, 0) < 0 ? -1 : 0; }
static int act_size(int fd) { return ftruncate(fd, 5); }
static int act_allocate(int fd) { return fallocate(fd, 0, SIZE, BLOCK); }
static int act_keep(int fd) { return fallocate(fd, 1, SIZE, BLOCK); }
static int act_punch(int fd) { return fallocate(fd, 3, 0, BLOCK); }
static int act_zero(int fd) { return fallocate(fd, 0x10, 0, BLOCK); }
static int act_collapse(int fd) { return fallocate(fd, 8, 0, BLOCK); }
static int act_insert(int fd) { return fallocate(fd, 0x20, 0, BLOCK); }
static int act_copy(int fd) { return (int)copy_file_range(fd, &(off_t) { 0 }, fd, &(off_t) { 2 * BLOCK }, BLOCK, 0); }
static int act_sync(int fd) { return pwrite(fd, block, BLOCK, 0) < 0 ? -1 : fsync(fd); }
static int act_chmod(int fd) { struct stat st; return fstat(fd, &st) < 0 ? -1 : fchmod(fd, st.st_mode & 07777); }
static int act_chown(int fd) { return fchown(fd, (uid_t)-1, (gid_t)-1); }
static int act_map(int fd)
{
	char *at = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -1;
	*at = 'x';
	return munmap(at, BLOCK);
}

static int do_write(const char *p) { return on_open(p, O_WRONLY, act_write); }
static int do_direct(const char *p) { return on_open(p, O_WRONLY | O_DIRECT, act_write); }
static int do_direct_both(const char *p) { return on_open(p, O_RDWR | O_DIRECT | O_DSYNC, act_write); }
static int do_sync(const char *p) { return on_open(p, O_RDWR, act_sync); }
static int do_append(const char *p) { return on_open(p, O_WRONLY | O_APPEND, act_write); }
static int do_nothing(const char *p) { return on_open(p, O_WRONLY, act_none); }
static int do_open_trunc(const char *p) { return on_open(p, O_WRONLY | O_TRUNC, act_none); }
static int do_ftruncate(const char *p) { return on_open(p, O_WRONLY, act_size); }
static int do_truncate(const char *p) { return truncate(p, 5) < 0 ? errno : 0; }
static int do_extend(const char *p) { return truncate(p, 2 * SIZE) < 0 ? errno : 0; }
static int do_allocate(const char *p) { return on_open(p, O_WRONLY, act_allocate); }
static int do_keep(const char *p) { return on_open(p, O_WRONLY, act_keep); }
static int do_punch(const char *p) { return on_open(p, O_WRONLY, act_punch); }
static int do_zero(const char *p) { return on_open(p, O_WRONLY, act_zero); }
static int do_collapse(const char *p) { return on_open(p, O_WRONLY, act_collapse); }
static int do_insert(const char *p) { return on_open(p, O_WRONLY, act_insert); }
static int do_copy(const char *p) { return on_open(p, O_RDWR, act_copy); }
static int do_map(const char *p) { return on_open(p, O_RDWR, act_map); }
static int do_chmod(const char *p) { return on_open(p, O_RDONLY, act_chmod); }
static int do_fchown(const char *p) { return on_open(p, O_RDONLY, act_chown); }
static int do_chown(const char *p) { return chown(p, getuid(), getgid()) < 0 ? errno : 0; }
static int do_chown_none(const char *p) { return chown(p, (uid_t)-1, (gid_t)-1) < 0 ? errno : 0; }
static int do_chgrp(const char *p) { return chown(p, (uid_t)-1, getgid()) < 0 ? errno : 0; }
static int do_utimes(const char *p) { return utimensat(AT_FDCWD, p, NULL, 0) < 0 ? errno : 0; }
static int do_setxattr(const char *p) { return setxattr(p, "user.a", "b", 1, 0) < 0 ? errno : 0; }

static const struct { const char *name; int (*act)(const char *path); } ways[] = {
#define WAY(name) { #name, do_##name }
	WAY(write), WAY(direct), WAY(direct_both), WAY(sync), WAY(append), WAY(nothing), WAY(open_trunc), WAY(ftruncate),
	WAY(truncate), WAY(extend), WAY(allocate), WAY(keep), WAY(punch), WAY(zero), WAY(collapse), WAY(insert),
	WAY(copy), WAY(map), WAY(chmod), WAY(fchown), WAY(chown), WAY(chown_none), WAY(chgrp), WAY(utimes), WAY(setxattr),
};

static void make(mode_t mode, int capable)
{
	static char bytes[SIZE];
	const unsigned char v2[20] = { 1, 0, 0, 2, 1 };
	int fd = open("f", O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (write(fd, bytes, SIZE) != SIZE || fchown(fd, 1001, 1001) < 0 || fchmod(fd, mode) < 0)
		perror("f"), exit(2);
	if (capable && fsetxattr(fd, "security.capability", v2, sizeof(v2), 0) < 0)
		perror("security.capability"), exit(2);
	close(fd);
}

static int as(size_t caller, size_t way)
{
	int status, pid = fork();

	if (pid == 0) {
		if (setgroups(1, &callers[caller].other) < 0 || setresgid(callers[caller].gid, callers[caller].gid, callers[caller].gid) < 0
		    || setresuid(callers[caller].uid, callers[caller].uid, callers[caller].uid) < 0)
			_exit(255);
		_exit(ways[way].act("f"));
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void show(size_t caller, size_t way, mode_t mode, int capable)
{
	struct stat st;
	char value[64];
	int err;

	make(mode, capable);
	err = as(caller, way);
	if (stat("f", &st) < 0)
		perror("f"), exit(2);
	printf("%s, %s, %05o%s: %s, %05o%s\n", ways[way].name, callers[caller].name, mode, capable ? "+cap" : "",
	       strerror(err), st.st_mode & 07777, getxattr("f", "security.capability", value, sizeof(value)) > 0 ? "+cap" : "");
	unlink("f");
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0)
		return 2;
	umask(0);
	for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++)
		for (size_t c = 0; c < sizeof(callers) / sizeof(*callers); c++)
			for (size_t m = 0; m < sizeof(modes) / sizeof(*modes); m++)
				for (int capable = 0; capable < 2; capable++)
					show(c, w, modes[m], capable);
	return 0;
}
