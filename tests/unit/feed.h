/* SPDX-License-Identifier: MIT */
/* feed: a session of a small file system, and requests for it from memory of the exact size. */
#ifndef FUSEBOX_UNIT_FEED_H
#define FUSEBOX_UNIT_FEED_H

#include <stdlib.h>
#include <string.h>

#include "fuse/dispatch.h"
#include "fuse/session.h"

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *a)
{
	(void)req;
	return node == 1 ? fuse_dir(a, 1, 0755) : node == 2 ? fuse_file(a, 2, 0644, 5) : -ENOENT;
}

static int lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	if (strcmp(name, "beyond") == 0)
		return -512;	/* ERESTARTSYS, the first of the kernel's internal errors */
	return parent == 1 && strcmp(name, "hello") == 0 ? fuse_entry(req, 2) : -ENOENT;
}

static int read_hello(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	(void)node;
	return fuse_bytes(req, "hello", 5, offset, size);
}

static int readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	(void)node;
	if (offset == 0 && !fuse_dirent(req, 1, 4, ".", 1))
		return 0;
	if (offset <= 1)
		fuse_dirent(req, 2, 8, "hello", 2);
	return 0;
}

static const struct fuse_ops ops = {
	.attr = attr, .lookup = lookup, .read = read_hello, .readdir = readdir, .immutable = true,
};

static struct fuse_session session;
static char space[4096];
static struct fuse_req req;

static int setup(void **state)
{
	(void)state;
	session = (struct fuse_session) { .ops = &ops, .phase = FUSE_SERVING, .minor = 45,
					  .read_only = true, .offered = FUSE_NO_OPEN_SUPPORT };
	req = (struct fuse_req) { .session = &session, .space = space, .space_size = sizeof(space) };
	return 0;
}

/* Dispatches from memory of the exact size, so that the sanitizer sees every
   byte that is read beyond it. */
static bool feed(uint32_t opcode, uint64_t node, const void *body, size_t size)
{
	struct fuse_in_header in = { .len = (uint32_t)(sizeof(in) + size), .opcode = opcode,
				     .unique = 7, .nodeid = node };
	char *bytes = malloc(sizeof(in) + size);
	bool replied;

	memcpy(bytes, &in, sizeof(in));
	if (size)
		memcpy(bytes + sizeof(in), body, size);
	replied = dispatch(&req, bytes, sizeof(in) + size);
	free(bytes);
	return replied;
}

#endif
