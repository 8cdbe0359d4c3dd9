/* SPDX-License-Identifier: MIT */
/* trap.h: shared by the servers that block every process that looks at them: a mount with one
   file, "file". */
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int dev;

static void reply(const struct fuse_in_header *in, int error, const void *body, size_t size)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + size), .error = error, .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) }, { (void *)body, size } };

	if (writev(dev, iov, 2) < 0)
		return;		/* the caller has ended */
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr) { .ino = node, .mode = node == 1 ? S_IFDIR | 0777 : S_IFREG | 0666, .nlink = 1 };
}

/* Answers all requests but POLL and FLUSH, for which it returns false. */
static bool answer_others(const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_INIT:
		reply(in, 0, &(struct fuse_init_out) { .major = 7, .minor = 31, .max_write = 65536 },
		      sizeof(struct fuse_init_out));
		return true;
	case FUSE_LOOKUP:
		reply(in, 0, &(struct fuse_entry_out) { .nodeid = 2, .attr_valid = 100, .entry_valid = 100,
							.attr = attr_of(2) }, sizeof(struct fuse_entry_out));
		return true;
	case FUSE_GETATTR:
		reply(in, 0, &(struct fuse_attr_out) { .attr_valid = 100, .attr = attr_of(in->nodeid) },
		      sizeof(struct fuse_attr_out));
		return true;
	case FUSE_OPEN:
		reply(in, 0, &(struct fuse_open_out) { .fh = 1 }, sizeof(struct fuse_open_out));
		return true;
	case FUSE_FORGET:
	case FUSE_RELEASE:
		return true;
	case FUSE_POLL:
	case FUSE_FLUSH:
		return false;
	default:
		reply(in, -38 /* ENOSYS */, NULL, 0);
		return true;
	}
}
