/* SPDX-License-Identifier: MIT */
/* wake_trap MODE MOUNTPOINT OTHER: an ordinary user's server of two mounts, on whose files "hang…" callers wait for
   ever; "held" of OTHER holds up whoever closes it but this process. It does what it can against a process that wakes
   who waits at MOUNTPOINT.
     close   opens and closes further duplicates of its /dev/fuse     exec    executes itself, again and again
     swap    puts OTHER's /dev/fuse, and "held", under one number     fork    children that have its /dev/fuse come and go
     threads threads come and go					late    answers after a moment, and twice
     forget  each look-up gives another node, so that the kernel has many to forget
     trade   has its /dev/fuse under a number that gets OTHER's at SIGUSR1 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUMBER = 100, USER = 65534 };
static int dev, other, held = -1;
static const char *mode;
static _Atomic uint64_t next_node = 1000;

static void on_usr1(int sig)
{
	(void)sig;
	dup2(other, NUMBER);
}

static void pause_us(long microseconds)
{
	nanosleep(&(struct timespec) { 0, microseconds * 1000 }, NULL);
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr) { .ino = node, .mode = node == 1 ? S_IFDIR | 0777 : S_IFREG | 0666, .nlink = 1 };
}

static void reply_on(int fd, const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + size), .error = error, .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)body, size } };

	for (int i = 0; i < (strcmp(mode, "late") ? 1 : 2); i++)
		if (writev(fd, iov, 2) < 0)
			pause_us(1);	/* its caller has gone */
}

static void answer(int fd, const struct fuse_in_header *in, const char *name)
{
	const int late = fd == dev && strcmp(mode, "late") == 0, forget = strcmp(mode, "forget") == 0;
	struct fuse_entry_out entry = { .nodeid = forget ? next_node++ : 2, .attr = attr_of(2) };

	if (late)
		pause_us(in->opcode == FUSE_LOOKUP ? 30000 : 100);
	switch (in->opcode) {
	case FUSE_INIT:
		reply_on(fd, in, 0, &(struct fuse_init_out) { .major = 7, .minor = 31, .max_write = 65536 }, sizeof(struct fuse_init_out));
		return;
	case FUSE_LOOKUP:
		if (late || strncmp(name, "hang", 4) != 0)
			reply_on(fd, in, 0, &entry, sizeof(entry));
		return;
	case FUSE_GETATTR:
		reply_on(fd, in, 0, &(struct fuse_attr_out) { .attr = attr_of(in->nodeid) }, sizeof(struct fuse_attr_out));
		return;
	case FUSE_OPEN:
		reply_on(fd, in, 0, &(struct fuse_open_out) { .fh = 1 }, sizeof(struct fuse_open_out));
		return;
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT:
		return;
	case FUSE_FLUSH:
		if (in->pid == (uint32_t)getpid())
			reply_on(fd, in, 0, NULL, 0);
		return;
	default:
		reply_on(fd, in, -38 /* ENOSYS */, NULL, 0);
	}
}

static void *serve(void *fd)
{
	static __thread char buf[1 << 18] __attribute__((aligned(8)));

	while (read(*(int *)fd, buf, sizeof(buf)) > 0)
		answer(*(int *)fd, (const void *)buf, buf + sizeof(struct fuse_in_header));
	exit(0);
}

static void start(void *(*run)(void *), void *data)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, data) == 0)
		pthread_detach(thread);
}

static void *end_soon(void *data) { pause_us(200); return data; }

/* Again and again. */
static void trouble(char **argv)
{
	char a[12], b[12];

	if (strcmp(mode, "close") == 0) {
		close(dup(dev));
	} else if (strcmp(mode, "swap") == 0) {
		dup2(dev, NUMBER);
		dup2(other, NUMBER);
		dup2(held, NUMBER);
	} else if (strcmp(mode, "exec") == 0) {
		pause_us(2000);
		snprintf(a, sizeof(a), "%d", dev);
		snprintf(b, sizeof(b), "%d", other);
		execl("/proc/self/exe", argv[0], mode, "-x", a, b, NULL);
	} else if (strcmp(mode, "fork") == 0) {
		if (fork() == 0)
			_exit(0);
		waitpid(-1, NULL, 0);
	} else if (strcmp(mode, "threads") == 0) {
		start(end_soon, NULL);
		pause_us(100);
	} else {
		pause_us(100000);
	}
}

/* Root's search takes the lowest number of a connection. */
static int move_up(int fd)
{
	int up = fcntl(fd, F_DUPFD, NUMBER + 1);

	close(fd);
	return up;
}

static int mount_at(const char *at)
{
	char options[128];
	int fd = open("/dev/fuse", O_RDWR);

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other", fd, USER, USER);
	return mount("trap", at, "fuse.trap", MS_NOSUID | MS_NODEV, options) < 0 ? -1 : move_up(fd);
}

int main(int argc, char **argv)
{
	char path[4096];
	int again = argc == 5 && strcmp(argv[2], "-x") == 0;

	if (argc != 4 + again)
		return 2;
	mode = argv[1];
	dev = again ? atoi(argv[3]) : mount_at(argv[2]);
	other = again ? atoi(argv[4]) : mount_at(argv[3]);
	if (dev < 0 || other < 0 || (!again && (setgid(USER) || setuid(USER))))
		return perror("wake_trap"), 1;
	for (int i = 0; i < 3; i++) {
		start(serve, &dev);
		start(serve, &other);
	}
	if (strcmp(mode, "swap") == 0) {
		snprintf(path, sizeof(path), "%s/held", argv[3]);
		held = open(path, O_RDWR);
		if (held < 0)
			return perror(path), 1;
	}
	if (strcmp(mode, "trade") == 0) {
		dup2(dev, NUMBER);
		signal(SIGUSR1, on_usr1);
	}
	for (;;)
		trouble(argv);
}
