/* SPDX-License-Identifier: MIT */
/* poll_trap /dev/fd/N MOUNTPOINT: serves a mount whose file "file" holds up whoever polls or
   closes it, but this process: which puts by turns that file and its /dev/fuse under one
   number, 100, until it is killed. */
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int dev;

static void reply(const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + size), .error = error, .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)body, size } };

	if (writev(dev, iov, 2) < 0)
		return;		/* its caller has gone */
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr) { .ino = node, .mode = node == 1 ? S_IFDIR | 0777 : S_IFREG | 0666, .nlink = 1 };
}

static void answer(const struct fuse_in_header *in, uint32_t friend)
{
	switch (in->opcode) {
	case FUSE_INIT:
		reply(in, 0, &(struct fuse_init_out) { .major = 7, .minor = 31, .max_write = 65536 },
		      sizeof(struct fuse_init_out));
		return;
	case FUSE_LOOKUP:
		reply(in, 0, &(struct fuse_entry_out) { .nodeid = 2, .attr_valid = 100, .entry_valid = 100,
							.attr = attr_of(2) }, sizeof(struct fuse_entry_out));
		return;
	case FUSE_GETATTR:
		reply(in, 0, &(struct fuse_attr_out) { .attr_valid = 100, .attr = attr_of(in->nodeid) },
		      sizeof(struct fuse_attr_out));
		return;
	case FUSE_OPEN:
		reply(in, 0, &(struct fuse_open_out) { .fh = 1 }, sizeof(struct fuse_open_out));
		return;
	case FUSE_FORGET:
	case FUSE_RELEASE:
		return;
	case FUSE_POLL:
	case FUSE_FLUSH:
		if (in->pid == friend)
			reply(in, 0, NULL, 0);
		return;
	default:
		reply(in, -38 /* ENOSYS */, NULL, 0);
	}
}

static void serve(uint32_t friend)
{
	static char buf[1 << 18];

	while (read(dev, buf, sizeof(buf)) > 0)
		answer((const void *)buf, friend);
	exit(0);
}

int main(int argc, char **argv)
{
	char path[4096];
	int file, pid = getpid();

	if (argc != 3)
		return 2;
	dev = atoi(argv[1] + strlen("/dev/fd/"));
	if (fork() == 0)
		serve((uint32_t)pid);
	snprintf(path, sizeof(path), "%s/file", argv[2]);
	file = open(path, O_RDWR);
	if (file < 0)
		return perror(path), 1;
	for (;;) {
		dup2(dev, 100);
		dup2(file, 100);
	}
}
