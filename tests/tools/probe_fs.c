/* SPDX-License-Identifier: MIT */
/* probe_fs DIRECTORY FILE: prints the results of system calls that no shell command makes, one
   per line: the call, and its return value or the name of its error. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static void tell(const char *call, long result)
{
	if (result < 0)
		printf("%s: %s\n", call, strerrorname_np(errno));
	else
		printf("%s: %ld\n", call, result);
}

struct entry { unsigned long ino; long off; unsigned short len; unsigned char type; char name[]; };

/* The buffer has room for one entry per call. */
static void small_buffers(int dir)
{
	char buf[32] __attribute__((aligned(8)));
	long offsets[16] = { 0 }, n;
	int count = 0;

	printf("names:");
	while ((n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0 && count < 15) {
		const struct entry *e = (const void *)buf;

		printf(" %s", e->name);
		offsets[++count] = e->off;
	}
	printf("%s\nagain:", n < 0 ? " error" : "");
	/* Seeks to each offset, from the last to the first, and reads the next name. */
	for (int i = count; i >= 0; i--) {
		lseek(dir, offsets[i], SEEK_SET);
		n = syscall(SYS_getdents64, dir, buf, sizeof(buf));
		printf(" %s", n > 0 ? ((const struct entry *)(const void *)buf)->name : "end");
	}
	puts("");
	lseek(dir, 0, SEEK_SET);
	tell("getdents, no room", syscall(SYS_getdents64, dir, buf, 16));
}

int main(int argc, char **argv)
{
	char path[4096], value[64];
	struct statfs fs;
	struct stat st;
	int dir, fd;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof(path), "%s/%s", argv[1], argv[2]);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY);
	fd = open(path, O_RDONLY);
	small_buffers(dir);
	tell("SEEK_DATA 0", lseek(fd, 0, SEEK_DATA));
	tell("SEEK_HOLE 0", lseek(fd, 0, SEEK_HOLE));
	tell("SEEK_DATA at the end", lseek(fd, 5, SEEK_DATA));
	tell("SEEK_END", lseek(fd, 0, SEEK_END));
	tell("pread behind the end", pread(fd, value, 9, 99));
	tell("access R", access(path, R_OK));
	tell("access W", access(path, W_OK));
	tell("access X", access(path, X_OK));
	tell("access of none such", access("/nonexistent/x", F_OK));
	tell("getxattr", getxattr(path, "user.x", value, sizeof(value)));
	tell("listxattr", listxattr(path, value, sizeof(value)));
	tell("setxattr", setxattr(path, "user.x", "1", 1, 0));
	tell("removexattr", removexattr(path, "user.x"));
	tell("open W", open(path, O_WRONLY));
	tell("open TRUNC", open(path, O_RDONLY | O_TRUNC));
	tell("open as directory", open(path, O_RDONLY | O_DIRECTORY));
	tell("truncate", truncate(path, 0));
	tell("chmod", chmod(path, 0777));
	tell("utimensat", utimensat(AT_FDCWD, path, NULL, 0));
	tell("unlink", unlink(path));
	tell("link", linkat(AT_FDCWD, path, dir, "second", 0));
	tell("symlink", symlinkat("x", dir, "link"));
	tell("mkdir", mkdirat(dir, "sub", 0755));
	tell("rename", renameat(dir, argv[2], dir, "other"));
	tell("readlink", readlink(path, value, sizeof(value)));
	tell("fsync", fsync(fd));
	tell("statfs", statfs(argv[1], &fs));
	printf("blocks %ld files %ld namelen %ld\n", (long)fs.f_blocks, (long)fs.f_files, (long)fs.f_namelen);
	tell("fstat", fstat(fd, &st));
	printf("nlink %ld blocks %ld\n", (long)st.st_nlink, (long)st.st_blocks);
	return 0;
}
