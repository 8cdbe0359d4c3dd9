/* SPDX-License-Identifier: MIT */
/* faulty [-b DEVICE] [-w] [-n NAME] MODE MOUNTPOINT: a server that misbehaves, with one file in its
   directory. It goes to the background once it is mounted.
     silent   never reads a request, not even INIT
     gone     reads INIT, and exits
     mute     answers INIT, reads all further requests, and answers none
     good     answers; SIGUSR1 makes it mute, SIGUSR2 slow
     slow     answers each request but INIT after half a second
     spin     answers INIT; the next request keeps it busy for ever
   -b: mounts as fuseblk on DEVICE; -w: with the writeback cache; -n: with the fsname NAME. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile sig_atomic_t mute, slow, spin;
static int dev, writeback;

static void on_mute(int sig) { (void)sig; mute = 1; }
static void on_slow(int sig) { (void)sig; slow = 1; }

static void reply(const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + size), .error = error, .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)body, size } };

	if (writev(dev, iov, 2) < 0 && errno != ENOENT)
		perror("faulty: reply");
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node, .mode = node == 1 ? S_IFDIR | 0777 : S_IFREG | 0666, .nlink = 1,
		.size = node == 1 ? 0 : 1 << 20, .blksize = 4096,
	};
}

static size_t entry(char *to, uint64_t ino, const char *name, uint64_t next)
{
	struct fuse_dirent *d = (void *)to;

	d->ino = ino;
	d->off = next;
	d->namelen = (uint32_t)strlen(name);
	d->type = 0;
	memcpy(d->name, name, d->namelen);
	return FUSE_DIRENT_SIZE(d);
}

static void answer(const struct fuse_in_header *in, const void *arg)
{
	static char bytes[1 << 20];

	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = {
			.major = 7, .minor = 31, .max_write = 65536, .max_readahead = 65536,
			.flags = FUSE_BIG_WRITES | (writeback ? FUSE_WRITEBACK_CACHE : 0),
		};
		reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = { .nodeid = 2, .attr_valid = 100, .entry_valid = 1, .attr = attr_of(2) };
		if (strcmp(arg, "file") != 0)
			reply(in, -ENOENT, NULL, 0);
		else
			reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_GETATTR:
	case FUSE_SETATTR: {
		struct fuse_attr_out out = { .attr_valid = 1, .attr = attr_of(in->nodeid) };
		reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_OPEN:
	case FUSE_OPENDIR: {
		struct fuse_open_out out = { .fh = 0 };
		reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_READ: {
		const struct fuse_read_in *r = arg;
		reply(in, 0, bytes, r->size < sizeof(bytes) ? r->size : sizeof(bytes));
		return;
	}
	case FUSE_READDIR: {
		const struct fuse_read_in *r = arg;
		size_t n = 0;
		char list[256] = "";
		if (r->offset == 0) {
			n += entry(list + n, 1, ".", 1);
			n += entry(list + n, 1, "..", 2);
			n += entry(list + n, 2, "file", 3);
		}
		reply(in, 0, list, n);
		return;
	}
	case FUSE_WRITE: {
		struct fuse_write_out out = { .size = ((const struct fuse_write_in *)arg)->size };
		reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_STATFS: {
		struct fuse_statfs_out out = { .st = { .bsize = 4096, .namelen = 255 } };
		reply(in, 0, &out, sizeof(out));
		return;
	}
	case FUSE_FLUSH: case FUSE_RELEASE: case FUSE_RELEASEDIR: case FUSE_FSYNC: case FUSE_DESTROY:
		reply(in, 0, NULL, 0);
		return;
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT:
		return;
	default:
		reply(in, -ENOSYS, NULL, 0);
	}
}

static void serve(const char *mode)
{
	static char buf[FUSE_MIN_READ_BUFFER + (1 << 20)] __attribute__((aligned(8)));
	const struct fuse_in_header *in = (const void *)buf;

	if (strcmp(mode, "silent") == 0)
		for (;;)
			pause();
	for (;;) {
		ssize_t n = read(dev, buf, sizeof(buf));

		if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
			continue;
		if (n < 0)
			exit(errno == ENODEV || errno == ECONNABORTED ? 0 : 1);
		if (strcmp(mode, "gone") == 0)
			exit(0);
		if (in->opcode == FUSE_INIT) {
			answer(in, buf + sizeof(*in));
			mute |= strcmp(mode, "mute") == 0;
			slow |= strcmp(mode, "slow") == 0;
			spin |= strcmp(mode, "spin") == 0;
			continue;
		}
		while (spin)
			nice(19);
		if (mute)
			continue;
		if (slow)
			usleep(500000);
		answer(in, buf + sizeof(*in));
	}
}

int main(int argc, char **argv)
{
	const char *device = NULL, *name = "faulty";
	char options[256];
	int c;

	while ((c = getopt(argc, argv, "b:wn:")) > 0) {
		if (c == 'b')
			device = optarg;
		else if (c == 'w')
			writeback = 1;
		else if (c == 'n')
			name = optarg;
		else
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return perror("faulty: /dev/fuse"), 1;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u,allow_other%s",
		 dev, getuid(), getgid(), device ? ",blksize=512" : "");
	if (mount(device ? device : name, argv[optind + 1], device ? "fuseblk.faulty" : "fuse.faulty",
		  MS_NOSUID | MS_NODEV, options) < 0)
		return perror("faulty: mount"), 1;
	signal(SIGUSR1, on_mute);
	signal(SIGUSR2, on_slow);
	if (fork() != 0)
		_exit(0);
	setsid();
	for (c = 0; c < 3; c++)
		close(c), open("/dev/null", O_RDWR);
	serve(argv[optind]);
}
