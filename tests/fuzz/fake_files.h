/* SPDX-License-Identifier: MIT */
/* fake_files: the calls on files of the fake kernel. */
int sys_keep_places(void) { return 0; }
int64_t sys_magic(int fd) { int err = on(fd); return err ? err : SYS_FUSECTL_MAGIC; }
int sys_enter_fd_directory(void) { return 0; }

int sys_open(const char *path, int flags, mode_t mode)
{
	(void)flags, (void)mode;
	fuzz_touch_text(path);
	for (unsigned int i = 0; i < file_count; i++)
		if (strcmp(path, files[i].path) == 0)
			return descriptor((int)i);
	return new_descriptor();
}

int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	(void)dir;
	return sys_open(path, flags, mode);
}

int sys_open_private(int dir, const char *name) { check(dir); return sys_open(name, 0, 0); }
int sys_lock_byte(int fd, uint64_t byte) { (void)byte; return on(fd); }
int sys_clone_mount(int fd, bool submounts) { (void)submounts; check(fd); return sys_open("/", 0, 0); }
int sys_openat2(int dir, const char *path, int flags, unsigned int resolve)
{
	(void)resolve;
	return sys_openat(dir, path, flags, 0);
}

int sys_close(int fd)
{
	check(fd);
	if (fd >= FIRST)
		descriptors[fd - FIRST].open = false;
	return fd < 0 ? -EBADF : 0;
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	size_t left;
	int file;

	check(fd);
	if (fd < FIRST || (file = descriptors[fd - FIRST].file) == NO_FILE) {
		int err = fd < 0 ? -EBADF : decide();

		return err ? err : (ssize_t)input_bytes(&fake.decisions, buf, size < 8 ? size : 8);
	}
	left = files[file].size - descriptors[fd - FIRST].at;
	if (size > left)
		size = left;
	if (fake.most && size > fake.most)
		size = fake.most;
	if (size)
		memcpy(buf, files[file].bytes + descriptors[fd - FIRST].at, size);
	descriptors[fd - FIRST].at += size;
	return (ssize_t)size;
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	check(fd);
	fuzz_touch(buf, size);
	return (ssize_t)size;
}

ssize_t sys_writev(int fd, const struct iovec *iov, int count)
{
	ssize_t size = 0;

	for (int i = 0; i < count; i++)
		size += sys_write(fd, iov[i].iov_base, iov[i].iov_len);
	return size;
}

int sys_write_all(int fd, const void *buf, size_t size)
{
	sys_write(fd, buf, size);
	return fd == 2 ? 0 : on(fd);
}

int sys_dup2(int from, int to) { return check(from), to; }

int sys_pipe(int fd[2])
{
	int err = decide();

	if (err)
		return err;
	fd[0] = descriptor(NO_FILE);
	fd[1] = fd[0] < 0 ? fd[0] : descriptor(NO_FILE);
	if (fd[0] >= 0 && fd[1] < 0)
		sys_close(fd[0]);
	return fd[1] < 0 ? fd[1] : 0;
}

int sys_socketpair(int fd[2]) { return sys_pipe(fd); }
int sys_set_cloexec(int fd, bool set) { (void)set; return on(fd); }
int sys_set_nonblocking(int fd) { return on(fd); }
int sys_fd_valid(int fd) { return fd < 0 || fd >= FIRST + DESCRIPTORS ? -EBADF : decide(); }

static ssize_t link_text(char *buf, size_t size)
{
	int err = decide();
	size_t len = err ? 0 : input_bytes(&fake.decisions, buf, size < 16 ? size : 16);

	for (size_t i = 0; i < len; i++)
		buf[i] = buf[i] ? buf[i] : '/';		/* a text */
	return err ? err : (ssize_t)len;
}

ssize_t sys_readlink(const char *path, char *buf, size_t size)
{
	fuzz_touch_text(path);
	return link_text(buf, size);
}

ssize_t sys_readlinkat(int dir, const char *path, char *buf, size_t size)
{
	check(dir);
	return sys_readlink(path, buf, size);
}

int sys_getdents(int dir, void *buf, size_t size) { (void)buf, (void)size; check(dir); return 0; }

static int of_path(const char *path)
{
	fuzz_touch_text(path);
	return decide();
}

int sys_mkdirat(int dir, const char *path, mode_t mode) { (void)dir, (void)mode; return of_path(path); }
int sys_linkat(const char *from, int dir, const char *to) { (void)dir; fuzz_touch_text(from); return of_path(to); }
int sys_symlinkat(const char *target, int dir, const char *path)
{
	(void)dir;
	fuzz_touch_text(target);
	return of_path(path);
}
int sys_unlink(const char *path) { return of_path(path); }
int sys_chdir(const char *path) { return of_path(path); }
int sys_fchdir(int fd) { return on(fd); }
int sys_chroot_with_proc(int root) { return on(root); }
pid_t sys_getppid(void) { return 1; }

int sys_getcwd(char *buf, size_t size)
{
	int err = decide();
	uint8_t len = input_byte(&fake.decisions);

	if (err || size < 2)
		return err ? err : -ERANGE;
	memset(buf, 'd', len < size - 1 ? len : size - 1);
	buf[len < size - 1 ? len : size - 1] = '\0';
	buf[0] = '/';
	buf[1] = len ? buf[1] : '\0';
	return 0;
}

const char *sys_fd_path(char path[32], int fd)
{
	(void)fd;
	return strcpy(path, "/proc/self/fd/100");
}

int sys_access(int fd, int how) { (void)how; return on(fd); }

int sys_executable(const char *path, bool *setuid_root)
{
	*setuid_root = input_byte(&fake.decisions) & 1;
	return of_path(path);
}

int sys_statx(int dirfd, const char *path, bool full, struct sys_stat *st)
{
	static const uint32_t modes[] = {
		S_IFDIR | 0755, S_IFREG | 0644, S_IFDIR | S_ISVTX | 0777, S_IFSOCK | 0600,
	};
	int err = of_path(path);
	uint8_t how;

	(void)dirfd;
	if (err)
		return err;
	how = input_byte(&fake.decisions);
	*st = (struct sys_stat) {
		.mount_id = 1 + (how & 3), .unique_id = full && fake.unique_ids, .inode = 2, .dev_minor = how & 7,
		.mode = full ? modes[how >> 2 & 3] : 0, .uid = how & 16 ? fake.uid : 0, .inside = how & 32,
	};
	return 0;
}

int sys_stat_path(const char *path, int flags, bool full, struct sys_stat *st)
{
	(void)flags;
	return sys_statx(-1, path, full, st);
}
