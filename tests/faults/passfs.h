/* SPDX-License-Identifier: MIT */
/* passfs: makes each kind of request once in a tree, and checks what must be true afterwards. */
#include <sys/file.h>
#include <sys/xattr.h>

enum { WELL, FAILED, WRONG };

static int failures;

/* The call may fail, but then has set errno. */
#define TRY(call) ((call) < 0 ? (failures++, -1) : 0)

static void fill(char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 7 + i / 251);
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n <= 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

/* A file has the content that was written, unless a write has failed. */
static int work_file(void)
{
	static char bytes[300 * 1024], got[sizeof(bytes) + 1];
	int fd = open("file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640), size = 0;
	ssize_t n;

	if (TRY(fd) < 0)
		return FAILED;
	fill(bytes, sizeof(bytes));
	TRY(write_all(fd, bytes, sizeof(bytes)));
	TRY(fsync(fd));
	TRY(fdatasync(fd));
	TRY(fchmod(fd, 0600));
	TRY(fchown(fd, 1, 1));
	TRY(futimens(fd, (struct timespec[2]) { { 1, 2 }, { 3, 4 } }));
	TRY(flock(fd, LOCK_EX));
	TRY(flock(fd, LOCK_UN));
	TRY(fcntl(fd, F_SETLK, &(struct flock) { .l_type = F_WRLCK, .l_len = 1 }));
	TRY(lseek(fd, 0, SEEK_DATA));
	TRY(close(fd));
	if (failures)
		return FAILED;
	fd = open("file", O_RDONLY | O_CLOEXEC);
	while ((n = read(fd, got + size, sizeof(got) - (size_t)size)) > 0)
		size += (int)n;
	if (TRY(fd) < 0 || TRY(n) < 0 || TRY(close(fd)) < 0)
		return FAILED;
	return size == (int)sizeof(bytes) && memcmp(bytes, got, sizeof(bytes)) == 0 ? WELL : WRONG;
}

static int work_tree(void)
{
	char text[256];
	struct stat st;
	DIR *dir;
	int fd, names = 0;

	TRY(mkdir("dir", 0755));
	TRY(symlink("file", "link"));
	TRY(link("file", "dir/other"));
	TRY(mknod("dir/fifo", S_IFIFO | 0600, 0));
	TRY(readlink("link", text, sizeof(text)));
	TRY(rename("dir/other", "dir/new"));
	TRY(truncate("dir/new", 100));
	TRY(stat("dir/new", &st));
	TRY(access("dir/new", W_OK));
	TRY(setxattr("dir/new", "user.a", "value", 5, 0));
	TRY(getxattr("dir/new", "user.a", text, sizeof(text)));
	TRY(listxattr("dir/new", text, sizeof(text)));
	TRY(removexattr("dir/new", "user.a"));
	fd = open("dir/new", O_RDWR | O_APPEND | O_CLOEXEC);
	if (TRY(fd) == 0) {
		TRY(write_all(fd, "more", 4));
		TRY(fallocate(fd, 0, 0, 8192));
		TRY(close(fd));
	}
	dir = opendir("dir");
	if (TRY(dir ? 0 : -1) == 0) {
		while (errno = 0, readdir(dir))
			names++;
		TRY(errno ? -1 : 0);
		closedir(dir);
	}
	return failures ? FAILED : names == 4 ? WELL : WRONG;
}

/* Removes everything, so that no file is open any more; one of two attempts succeeds. */
static void clear(void)
{
	for (int i = 0; i < 2; i++) {
		unlink("dir/new");
		unlink("dir/other");
		unlink("dir/fifo");
		rmdir("dir");
		unlink("link");
		unlink("file");
	}
}

/* Runs work() in a child with a time limit. Returns its status. */
static int in_child(int (*work)(void))
{
	int status = 0, pid = fork();

	if (pid == 0) {
		/* The injected fault may hit just this call. Try once more: the kernel asks for
		   the root's attributes again each second. */
		if (chdir(mnt) < 0 && chdir(mnt) < 0)
			_exit(FAILED);
		_exit(work());
	}
	if (WITHIN(LIMIT_MS, waitpid(pid, &status, WNOHANG) == pid))
		return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
	complain("the work hangs");
	each_child(getpid(), show_it);
	mounts(NULL, true);
	return FAILED;
}

static int all_work(void)
{
	int file = work_file(), tree = work_tree();

	clear();
	return file == WRONG || tree == WRONG ? WRONG : file || tree ? FAILED : WELL;
}

/* One of the two attempts has to succeed: the fault may not have come yet. */
static int well_again(void)
{
	char text[8] = "";
	int result = FAILED;

	for (int i = 0; i < 2 && result; i++) {
		int fd = open("again", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		if (fd >= 0 && write_all(fd, "again", 5) == 0 && pread(fd, text, 5, 0) == 5
		    && strcmp(text, "again") == 0)
			result = WELL;
		if (fd >= 0)
			close(fd);
		if (unlink("again") < 0)
			unlink("again");
	}
	return result;
}

static void passfs_works(const char *const *argv)
{
	int status, result;

	mkdir("source", 0755);
	status = finish(start(FAULTY, argv), LIMIT_MS);
	if (status) {
		failed_well(status);
		return;
	}
	result = in_child(all_work);
	/* libc's readdir(3) treats ENOENT as the end of a directory. */
	if (result == WRONG && hit && hit->number == SYS_getdents64 && plan->how == ENOENT)
		result = FAILED;
	if (result == WRONG || (result == FAILED && !may_fail()))
		complain("the work %s", result == WRONG ? "was done wrong" : "failed");
	/* The kernel may send the last RELEASE a moment after close(2). */
	same_descriptors();
	if (in_child(well_again) != WELL)
		complain("it does not work any more");
	end_server();
	if (rmdir("source") < 0)
		complain("the source is not empty");
}

#define PASSFS(...) passfs_works(ARGV("passfs", "-b", __VA_ARGS__, "source", mnt))
static void passfs_plain(void) { PASSFS("--transport=dev"); }
static void passfs_uring(void) { PASSFS("--transport=uring"); }
static void passfs_bare(void) { PASSFS("--no-passthrough", "--cache=none"); }
static void passfs_writeback(void) { PASSFS("--writeback", "--locks"); }
static void passfs_export(void) { PASSFS("--export"); }
static void passfs_threads(void) { PASSFS("--threads=3", "--transport=dev"); }
static void passfs_rings(void) { PASSFS("--threads=3", "--transport=uring"); }
