/* SPDX-License-Identifier: MIT */
/* harmless: a machine that passfs cannot harm, and what the kernel would do for it. */
enum { OPEN_TREE = 428, MOVE_MOUNT = 429, FSOPEN = 430, FSCONFIG, FSMOUNT, MOUNT_SETATTR = 442 };

static void skip(const char *what)
{
	perror(what);
	exit(SKIPPED);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		skip(path);
	close(fd);
}

static void become_root(void)
{
	char map[64];
	unsigned int uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWUSER) < 0)
		skip("unshare");
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct { uint64_t set, clear, propagation, userns; } attributes = {
		.set = 1 | 4,	/* RDONLY, NODEV */
	};
	char here[4096];
	int keep;

	(void)argc, (void)argv;
	sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (geteuid() != 0)
		become_root();
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
	    || !getcwd(here, sizeof(here)))
		skip("unshare");
	keep = (int)syscall(OPEN_TREE, AT_FDCWD, ".", 1 | O_CLOEXEC /* CLONE */);
	if (keep < 0
	    || syscall(MOUNT_SETATTR, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0
	    || syscall(MOVE_MOUNT, keep, "", AT_FDCWD, ".", 4 /* F_EMPTY_PATH */) < 0 || chdir(here) < 0)
		skip("mount_setattr");
	close(keep);
	vfs_raise_descriptors();
	return 0;
}

static int32_t backings;

/* Backing ids for passthrough: the server closes only those that it has opened. */
int __wrap_vfs_backing_open(int device, int fd);
int __wrap_vfs_backing_open(int device, int fd)
{
	MUST(device == sink && fcntl(fd, F_GETFD) >= 0);
	return ++backings;
}

int __wrap_vfs_backing_close(int device, int32_t id);
int __wrap_vfs_backing_close(int device, int32_t id)
{
	MUST(device == sink && id > 0);
	backings--;
	return 0;
}

/* Makes runs repeatable: the work of one thread is done at once, that of the other at the end. */
int __wrap_thread_start(void *(*run)(void *), void *arg);
int __wrap_thread_start(void *(*run)(void *), void *arg)
{
	if (run == prune)
		run(arg);
	return 0;
}
