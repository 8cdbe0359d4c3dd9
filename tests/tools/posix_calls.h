/* SPDX-License-Identifier: MIT */
/* posix_calls: the calls that posix makes, each in a way that may succeed. */
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
