/* SPDX-License-Identifier: MIT */
/* backend [-t THREADS] [-c] [-a] [-w] [-u] [-f CHILDREN] STATS MOUNTPOINT: a server in the foreground whose backend can
   hang. Its directory has the files f0 to f9, and accepts any change.
     SIGUSR1   the backend hangs: a thread that has read a request waits for it; creates STATS.hung
     SIGUSR2   the backend is back: the threads finish their requests, and answer
     SIGHUP    writes the server's counts to the file STATS
   MOUNTPOINT may be /dev/fd/N, a /dev/fuse that is mounted already.
   -t: the number of threads; -c: each thread reads from a clone of the device; -a: while the backend
   hangs, a thread puts its request aside and reads the next one; -w: with the writeback cache;
   -u: the kernel runs one more thread in the process, for an io_uring;
   -f: so many children inherit the device, and do nothing.
   Like real servers it counts lookups and open files: if the kernel refuses a reply with ENOENT, it
   takes back what the reply gave. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HANDLES = 65536, NODES = 65536, PARKED = 4096, BUFFER = (1 << 20) + 8192 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t back = PTHREAD_COND_INITIALIZER;
static int hung, async, writeback, cloned, device;
static const char *stats;
static unsigned char open_handle[HANDLES];	/* 1: open */
static long lookups[NODES];
static struct { long read, resent, done, late, refused, opened, released, twice, forgets; } count;
static struct parked { int fd; char *bytes; } parked[PARKED];
static int parked_count;

/* Returns whether the kernel took it. */
static int reply(int fd, const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + size), .error = error, .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)body, size } };
	int took = writev(fd, iov, 2) > 0;

	pthread_mutex_lock(&lock);
	count.done++;
	if (!took && errno == ENOENT)
		count.late++;
	else if (!took)
		count.refused++;
	pthread_mutex_unlock(&lock);
	return took;
}

static struct fuse_attr attr_of(uint64_t node, uint32_t mode)
{
	return (struct fuse_attr) { .ino = node, .mode = mode, .nlink = 1, .size = S_ISDIR(mode) ? 0 : 1 << 20, .blksize = 4096 };
}

static struct fuse_attr attr_of_node(uint64_t node)
{
	return attr_of(node, node == 1 || node >= 1000 ? S_IFDIR | 0777 : S_IFREG | 0666);
}

static uint64_t open_one(void)
{
	uint64_t fh = 0;

	pthread_mutex_lock(&lock);
	while (fh < HANDLES - 1 && open_handle[fh])
		fh++;
	open_handle[fh] = 1;
	count.opened++;
	pthread_mutex_unlock(&lock);
	return fh;
}

static void release(uint64_t fh)
{
	pthread_mutex_lock(&lock);
	if (fh >= HANDLES || !open_handle[fh])
		count.twice++;
	else
		open_handle[fh] = 0;
	count.released++;
	pthread_mutex_unlock(&lock);
}

static void look_up(uint64_t node, long n)
{
	pthread_mutex_lock(&lock);
	lookups[node % NODES] += n;
	pthread_mutex_unlock(&lock);
}

static void reply_entry(int fd, const struct fuse_in_header *in, uint64_t node, uint32_t mode)
{
	struct fuse_entry_out out = { .nodeid = node, .attr = attr_of(node, mode) };

	look_up(node, 1);
	if (!reply(fd, in, 0, &out, sizeof(out)))
		look_up(node, -1);
}

static void reply_open(int fd, const struct fuse_in_header *in)
{
	struct fuse_open_out out = { .fh = open_one() };

	if (!reply(fd, in, 0, &out, sizeof(out)))
		release(out.fh);
}

static size_t entry(char *to, uint64_t ino, const char *name, uint64_t next)
{
	struct fuse_dirent *d = (void *)to;

	*d = (struct fuse_dirent) { .ino = ino, .off = next, .namelen = (uint32_t)strlen(name) };
	memcpy(d->name, name, d->namelen);
	return FUSE_DIRENT_SIZE(d);
}

static void answer(int fd, const struct fuse_in_header *in, const char *arg)
{
	static const char bytes[1 << 20];

	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = {
			.major = 7, .minor = 31, .max_write = 65536, .max_readahead = 65536, .max_background = 64,
			.flags = FUSE_BIG_WRITES | FUSE_POSIX_LOCKS | FUSE_ASYNC_READ | FUSE_PARALLEL_DIROPS
				 | (writeback ? FUSE_WRITEBACK_CACHE : 0),
		};
		reply(fd, in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_LOOKUP:
		if (arg[0] == 'f')
			reply_entry(fd, in, 100 + (unsigned int)atoi(arg + 1), S_IFREG | 0666);
		else
			reply(fd, in, -ENOENT, NULL, 0);
		return;
	case FUSE_MKDIR:
		reply_entry(fd, in, 1000, S_IFDIR | 0755);
		return;
	case FUSE_CREATE: {
		struct { struct fuse_entry_out entry; struct fuse_open_out open; } out = {
			.entry = { .nodeid = 99, .attr = attr_of(99, S_IFREG | 0666) }, .open = { .fh = open_one() },
		};
		look_up(99, 1);
		if (!reply(fd, in, 0, &out, sizeof(out))) {
			look_up(99, -1);
			release(out.open.fh);
		}
		return;
	}
	case FUSE_GETATTR: case FUSE_SETATTR: {
		struct fuse_attr_out out = { .attr = attr_of_node(in->nodeid) };
		reply(fd, in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_OPEN: case FUSE_OPENDIR:
		reply_open(fd, in);
		return;
	case FUSE_RELEASE: case FUSE_RELEASEDIR:
		release(((const struct fuse_release_in *)arg)->fh);
		reply(fd, in, 0, NULL, 0);
		return;
	case FUSE_READ: {
		const struct fuse_read_in *r = (const void *)arg;
		reply(fd, in, 0, bytes, r->size < sizeof(bytes) ? r->size : sizeof(bytes));
		return;
	}
	case FUSE_READDIR: {
		char list[256] = "", name[8];
		size_t n = 0;
		if (((const struct fuse_read_in *)(const void *)arg)->offset == 0)
			for (int i = 0; i < 5; i++)
				snprintf(name, sizeof(name), "f%d", i), n += entry(list + n, 100 + (unsigned int)i, name, 5);
		reply(fd, in, 0, list, n);
		return;
	}
	case FUSE_WRITE: {
		struct fuse_write_out out = { .size = ((const struct fuse_write_in *)(const void *)arg)->size };
		reply(fd, in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_STATFS: {
		struct fuse_statfs_out out = { .st = { .bsize = 4096, .namelen = 255 } };
		reply(fd, in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_FLUSH: case FUSE_FSYNC: case FUSE_UNLINK: case FUSE_RMDIR: case FUSE_RENAME: case FUSE_RENAME2:
	case FUSE_SETLK: case FUSE_SETLKW: case FUSE_ACCESS: case FUSE_FALLOCATE: case FUSE_FSYNCDIR:
		reply(fd, in, 0, NULL, 0);
		return;
	default:
		reply(fd, in, -ENOSYS, NULL, 0);
	}
}

/* Called with the lock held: waits until the backend is back, or puts the request aside. */
static int put_aside(int fd, const char *bytes, ssize_t n)
{
	char *copy;

	if (async && hung && parked_count < PARKED && (copy = malloc((size_t)n))) {
		memcpy(copy, bytes, (size_t)n);
		parked[parked_count++] = (struct parked) { fd, copy };
		return 1;
	}
	while (hung && !async)
		pthread_cond_wait(&back, &lock);
	return 0;
}

static void take(int fd, const char *bytes, ssize_t n)
{
	const struct fuse_in_header *in = (const void *)bytes;
	const char *arg = bytes + sizeof(*in);
	int aside;

	pthread_mutex_lock(&lock);
	count.read++;
	count.resent += (long)(in->unique >> 63);
	pthread_mutex_unlock(&lock);
	if (in->opcode == FUSE_INTERRUPT)
		return;
	if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET) {
		const struct fuse_forget_one *f = (const void *)(arg + sizeof(struct fuse_batch_forget_in));
		uint32_t many = in->opcode == FUSE_FORGET ? 0 : ((const struct fuse_batch_forget_in *)(const void *)arg)->count;
		if (!many)
			look_up(in->nodeid, -(long)((const struct fuse_forget_in *)(const void *)arg)->nlookup);
		for (uint32_t i = 0; i < many; i++)
			look_up(f[i].nodeid, -(long)f[i].nlookup);
		pthread_mutex_lock(&lock);
		count.forgets += many ? many : 1;
		pthread_mutex_unlock(&lock);
		return;
	}
	pthread_mutex_lock(&lock);
	aside = put_aside(fd, bytes, n);
	pthread_mutex_unlock(&lock);
	if (!aside)
		answer(fd, in, arg);
}

static void *serve(void *arg)
{
	char *buf = aligned_alloc(4096, (BUFFER + 4095) / 4096 * 4096);
	uint32_t master = (uint32_t)device;
	int fd = device;

	(void)arg;
	if (cloned && (fd = open("/dev/fuse", O_RDWR | O_CLOEXEC)) >= 0 && ioctl(fd, FUSE_DEV_IOC_CLONE, &master) < 0)
		fd = device;
	for (;;) {
		ssize_t n = read(fd, buf, BUFFER);

		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (n < 0)
			exit(errno == ENODEV || errno == ECONNABORTED ? 0 : 1);
		take(fd, buf, n);
	}
}

static void write_stats(void)
{
	char path[4096];
	long handles = 0, nodes = 0;
	FILE *out;

	snprintf(path, sizeof(path), "%s.new", stats);
	out = fopen(path, "w");
	pthread_mutex_lock(&lock);
	for (int i = 0; i < HANDLES; i++)
		handles += open_handle[i];
	for (int i = 0; i < NODES; i++)
		nodes += lookups[i] > 0;
	if (out)
		fprintf(out, "read=%ld resent=%ld done=%ld late=%ld refused=%ld opened=%ld released=%ld twice=%ld "
			"handles=%ld nodes=%ld forgets=%ld parked=%d\n", count.read, count.resent, count.done, count.late,
			count.refused, count.opened, count.released, count.twice, handles, nodes, count.forgets, parked_count);
	pthread_mutex_unlock(&lock);
	if (out && fclose(out) == 0)
		rename(path, stats);
}

static void come_back(void)
{
	static struct parked todo[PARKED];
	int n;

	pthread_mutex_lock(&lock);
	hung = 0;
	n = parked_count;
	memcpy(todo, parked, sizeof(*todo) * (size_t)n);
	parked_count = 0;
	pthread_cond_broadcast(&back);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < n; i++) {
		answer(todo[i].fd, (const void *)todo[i].bytes, todo[i].bytes + sizeof(struct fuse_in_header));
		free(todo[i].bytes);
	}
}

static void fall_silent(void)
{
	char path[4096];

	pthread_mutex_lock(&lock);
	hung = 1;
	pthread_mutex_unlock(&lock);
	snprintf(path, sizeof(path), "%s.hung", stats);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

/* The descriptor stays open: closing it would end the kernel's thread. */
static int make_ring(void)
{
	enum { SQPOLL = 2, FLAGS = 2 };	/* struct io_uring_params begins with two sizes */
	unsigned int params[30] = { [FLAGS] = SQPOLL };

	return (int)syscall(SYS_io_uring_setup, 4, params);
}

static void start_children(int most)
{
	for (int i = 0; i < most; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
}

int main(int argc, char **argv)
{
	int threads = 1, ring = 0, children = 0, given, c, sig;
	char options[256];
	pthread_t thread;
	sigset_t set;

	while ((c = getopt(argc, argv, "t:cawuf:")) > 0) {
		if (c == 't')
			threads = atoi(optarg);
		else if (c == 'f')
			children = atoi(optarg);
		else if (c == 'c')
			cloned = 1;
		else if (c == 'a')
			async = 1;
		else if (c == 'w')
			writeback = 1;
		else if (c == 'u')
			ring = 1;
		else
			return 2;
	}
	if (ring && make_ring() < 0)
		return perror("backend: io_uring"), 1;
	if (argc - optind != 2)
		return 2;
	stats = argv[optind];
	given = strncmp(argv[optind + 1], "/dev/fd/", 8) == 0;
	device = given ? atoi(argv[optind + 1] + 8) : open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return perror("backend: /dev/fuse"), 1;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other", device, getuid(), getgid());
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (!given && mount("backend", argv[optind + 1], "fuse.backend", MS_NOSUID | MS_NODEV, options) < 0)
		return perror("backend: mount"), 1;
	start_children(children);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, serve, NULL) != 0)
			return 1;
	while (sigwait(&set, &sig) == 0) {
		if (sig == SIGUSR2)
			come_back();
		if (sig == SIGHUP)
			write_stats();
		if (sig == SIGUSR1)
			fall_silent();
	}
}
