/* SPDX-License-Identifier: MIT */
/* bare_responder MOUNTPOINT: the least that a FUSE server can cost. One read(2) and one write(2)
   per request, with replies that are ready and no dispatch: the time is the kernel's round trip.
   Every name is a file of one byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse_kernel.h"

static _Alignas(8) char request[8192];

struct answer {
	struct fuse_out_header header;
	union {
		struct fuse_init_out init;
		struct fuse_attr_out attr;
		struct fuse_entry_out entry;
		struct fuse_open_out open;
		char byte;
	} body;
};

static void answer(int fd, struct answer *a, size_t size, int error)
{
	const struct fuse_in_header *in = (const void *)request;

	a->header.unique = in->unique;
	a->header.error = error;
	a->header.len = (uint32_t)(sizeof(a->header) + size);
	if (write(fd, a, a->header.len) < 0 && errno != ENOENT)
		perror("write");
}

int main(int argc, char **argv)
{
	struct answer init = { .body.init = { .major = 7, .minor = 31, .max_write = 4096 } };
	struct answer attr = { .body.attr.attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };
	struct answer file = { .body.attr.attr = { .ino = 2, .mode = S_IFREG | 0444, .nlink = 1, .size = 1 } };
	struct answer name = { .body.entry = { .nodeid = 2, .attr = file.body.attr.attr } };
	struct answer opened = { .body.open.fh = 1 }, byte = { .body.byte = 'x' }, none = { .header.len = 0 };
	char data[64];
	int fd = open("/dev/fuse", O_RDWR);

	snprintf(data, sizeof(data), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (argc != 2 || mount("bare", argv[1], "fuse.bare", MS_NOSUID | MS_NODEV, data) < 0)
		return perror("mount"), 1;
	while (read(fd, request, sizeof(request)) > 0) {
		const struct fuse_in_header *in = (const void *)request;

		if (in->opcode == FUSE_GETATTR)
			answer(fd, in->nodeid == 1 ? &attr : &file, sizeof(attr.body.attr), 0);
		else if (in->opcode == FUSE_LOOKUP)
			answer(fd, &name, sizeof(name.body.entry), 0);
		else if (in->opcode == FUSE_OPEN)
			answer(fd, &opened, sizeof(opened.body.open), 0);
		else if (in->opcode == FUSE_READ)
			answer(fd, &byte, 1, 0);
		else if (in->opcode == FUSE_INIT)
			answer(fd, &init, sizeof(init.body.init), 0);
		else if (in->opcode != FUSE_FORGET && in->opcode != FUSE_BATCH_FORGET)
			answer(fd, &none, 0, -ENOSYS);
	}
	return 0;
}
