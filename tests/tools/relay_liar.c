/* SPDX-License-Identifier: MIT */
/* relay_liar HOW /dev/fd/N: a server of an empty directory, which lies once its descriptor is a socket:
 * double: answers each request twice, and some that nobody sent; short: its replies are shorter
 * than they say; mute: does not answer GETATTR; init: rejects INIT; flood: sends notifications without end; nodes: gives out
 * a node with each LOOKUP, and the same number of it. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../include/fuse_kernel.h"

static const char *how = "";
static int fd;

static int lies(const char *name) { return strcmp(how, name) == 0; }

static void reply(uint64_t unique, int error, const void *body, size_t size)
{
	struct { struct fuse_out_header head; char body[512]; } out = { .head = { (uint32_t)(sizeof(out.head) + size), error, unique } };

	if (size)
		memcpy(out.body, body, size);
	if (lies("short") && size && size != sizeof(struct fuse_init_out))
		size -= 8;
	if (write(fd, &out, sizeof(out.head) + size) < 0 && errno != ENOENT)
		exit(1);
	if (!lies("double"))
		return;
	for (int i = 1; i < 4; i++) {
		if (write(fd, &out, sizeof(out.head) + size) < 0 || write(fd, &out, (size_t)i) < 0)
			exit(1);
		out.head.unique = unique * 7 + (uint64_t)i;
	}
}

static void flood(void)
{
	struct { struct fuse_out_header head; struct fuse_notify_inval_inode_out what; } n = {
		.head = { sizeof(n), FUSE_NOTIFY_INVAL_INODE, 0 }, .what = { .ino = FUSE_ROOT_ID } };

	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;)
		if (write(fd, &n, sizeof(n)) < 0)
			exit(1);
}

static void answer(const struct fuse_in_header *in)
{
	struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 4096 };
	struct fuse_attr_out attr = { .attr_valid = 0, .attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };
	struct fuse_entry_out entry = { .nodeid = 5, .attr = { .ino = 5, .mode = S_IFREG | 0644, .nlink = 1, .size = 7 } };

	switch (in->opcode) {
	case FUSE_INIT:
		reply(in->unique, lies("init") ? -EPROTO : 0, &init, lies("init") ? 0 : sizeof(init));
		if (lies("flood"))
			flood();
		break;
	case FUSE_GETATTR:
		if (in->nodeid != FUSE_ROOT_ID)
			attr.attr = entry.attr;
		if (!lies("mute"))
			reply(in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		reply(in->unique, lies("nodes") ? 0 : -ENOENT, &entry, lies("nodes") ? sizeof(entry) : 0);
		break;
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT:
		break;
	default:
		reply(in->unique, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	int type;
	socklen_t size = sizeof(type);

	if (argc != 3 || sscanf(argv[2], "/dev/fd/%d", &fd) != 1)
		return 2;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
		how = argv[1];
	while (read(fd, buffer, sizeof(buffer)) >= (ssize_t)sizeof(struct fuse_in_header))
		answer((const void *)buffer);
	return 0;
}
