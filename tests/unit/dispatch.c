/* SPDX-License-Identifier: MIT */
/* dispatch: requests as the kernel sends them, and bytes that it never sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"

static void answers(void **state)
{
	struct fuse_read_in in = { .offset = 1, .size = 3 };

	(void)state;
	assert_true(feed(FUSE_LOOKUP, 1, "hello", 6));
	assert_int_equal(req.reply.header.error, 0);
	assert_int_equal(req.reply.header.unique, 7);
	assert_int_equal(req.reply.body.entry.entry.nodeid, 2);
	assert_int_equal(req.reply.header.len, 16 + 128);
	assert_true(feed(FUSE_LOOKUP, 1, "none", 5));
	assert_int_equal(req.reply.header.error, 0);	/* a negative entry */
	assert_int_equal(req.reply.body.entry.entry.nodeid, 0);
	assert_true(feed(FUSE_READ, 2, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 3);
	assert_memory_equal(req.reply.data, "ell", 3);
	assert_int_equal(req.reply.header.len, 16 + 3);
	in.offset = UINT64_MAX;
	assert_true(feed(FUSE_READ, 2, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 0);
	assert_true(feed(FUSE_LOOKUP, 1, "beyond", 7));
	assert_int_equal(req.reply.header.error, -EIO);
}

static void directories(void **state)
{
	struct fuse_read_in in = { .size = 4096 };

	(void)state;
	assert_true(feed(FUSE_READDIR, 1, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 32 + 32);
	in.size = 40;
	assert_true(feed(FUSE_READDIR, 1, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 32);
	in.size = 10;
	assert_true(feed(FUSE_READDIRPLUS, 1, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 0);
	in.size = 4096;
	assert_true(feed(FUSE_READDIRPLUS, 1, &in, sizeof(in)));
	assert_int_equal(req.reply.data_size, 160 + 160);
	assert_int_equal(((struct fuse_direntplus *)(void *)space)->entry_out.nodeid, 0);
	assert_int_equal(((struct fuse_direntplus *)(void *)(space + 160))->entry_out.nodeid, 2);
}

static void what_is_left_out(void **state)
{
	struct fuse_open_in open = { .flags = 0 };
	struct fuse_getxattr_in xattr = { .size = 0 };
	char with_name[sizeof(xattr) + 2] = { 0 };

	(void)state;
	with_name[sizeof(xattr)] = 'n';
	assert_true(feed(FUSE_OPEN, 2, &open, sizeof(open)));
	assert_int_equal(req.reply.header.error, -ENOSYS);
	session.read_only = false;	/* otherwise a shared mapping could write */
	assert_true(feed(FUSE_OPEN, 2, &open, sizeof(open)));
	assert_int_equal(req.reply.header.error, 0);
	open.flags = 2;
	assert_true(feed(FUSE_OPEN, 2, &open, sizeof(open)));
	assert_int_equal(req.reply.header.error, -EROFS);
	assert_true(feed(FUSE_UNLINK, 1, "hello", 6));
	assert_int_equal(req.reply.header.error, -EROFS);
	assert_true(feed(FUSE_STATFS, 1, NULL, 0));
	assert_int_equal(req.reply.body.statfs.st.namelen, 255);
	assert_true(feed(FUSE_GETXATTR, 1, with_name, sizeof(with_name)));
	assert_int_equal(req.reply.header.error, -ENOSYS);
	assert_true(feed(9999, 1, NULL, 0));
	assert_int_equal(req.reply.header.error, -ENOSYS);
}

static void without_reply(void **state)
{
	struct fuse_forget_in forget = { .nlookup = 1 };
	struct fuse_batch_forget_in batch = { .count = UINT32_MAX };

	(void)state;
	assert_false(feed(FUSE_FORGET, 2, &forget, sizeof(forget)));
	assert_false(feed(FUSE_FORGET, 2, &forget, 3));
	assert_false(feed(FUSE_BATCH_FORGET, 0, &batch, sizeof(batch)));
	assert_false(dispatch(&req, "short\0\0", 6));
	assert_true(feed(FUSE_DESTROY, 0, NULL, 0));
	assert_int_equal(session.phase, FUSE_ENDED);
}

static void malformed_names(void **state)
{
	(void)state;
	assert_true(feed(FUSE_LOOKUP, 1, "hello", 5));	/* no NUL */
	assert_int_equal(req.reply.header.error, -EINVAL);
	assert_true(feed(FUSE_LOOKUP, 1, "a/b", 4));
	assert_int_equal(req.reply.header.error, -EINVAL);
	assert_true(feed(FUSE_LOOKUP, 1, "", 1));
	assert_int_equal(req.reply.header.error, -EINVAL);
	assert_true(feed(FUSE_SYMLINK, 1, "a\0b", 3));	/* the target has no NUL */
	assert_int_equal(req.reply.header.error, -EINVAL);
}

static int forgotten;

static void forget(struct fuse_req *r, uint64_t node, uint64_t lookups)
{
	(void)r;
	forgotten += node == 9 && lookups == 1;
}

/* A request must have the bytes that its header announces, or nothing is done. */
static void announced(void **state)
{
	struct fuse_ops forgetting = ops;
	struct { struct fuse_write_in in; char data[8]; } written = { .in = { .size = 8 } };
	struct { struct fuse_batch_forget_in in; struct fuse_forget_one one[2]; } list = {
		.in = { .count = 2 }, .one = { { 9, 1 }, { 9, 1 } } };

	(void)state;
	assert_true(feed(FUSE_WRITE, 2, &written, sizeof(written)));
	assert_int_equal(req.reply.header.error, -EROFS);
	written.in.size = 9;
	assert_true(feed(FUSE_WRITE, 2, &written, sizeof(written)));
	assert_int_equal(req.reply.header.error, -EINVAL);
	forgetting.forget = forget;
	session.ops = &forgetting;
	assert_false(feed(FUSE_BATCH_FORGET, 0, &list, sizeof(list)));
	assert_int_equal(forgotten, 2);
	list.in.count = 3;
	feed(FUSE_BATCH_FORGET, 0, &list, sizeof(list));
	assert_int_equal(forgotten, 2);
}

/* They are counted in units of 8 bytes, at the end. */
static void extensions(void **state)
{
	struct { struct fuse_in_header in; char body[6 + 8]; } request = {
		.in = { .len = sizeof(request.in) + 14, .opcode = FUSE_LOOKUP, .nodeid = 1, .total_extlen = 1 },
		.body = "hello\0extended" };

	(void)state;
	assert_true(dispatch(&req, &request, request.in.len));
	assert_int_equal(req.reply.header.error, 0);
	assert_int_equal(req.ext_size, 8);
	assert_memory_equal(req.ext, "extended", 8);
	request.in.total_extlen = 2;	/* they would begin in the name */
	assert_true(dispatch(&req, &request, request.in.len));
	assert_int_equal(req.reply.header.error, -EINVAL);
}

/* Every opcode, with bodies of up to 200 bytes in a few patterns: the sanitizer checks the
   bounds. */
static void every_length(void **state)
{
	static const unsigned char patterns[] = { 0, 0xff, 'a', 1 };
	unsigned char body[200];

	(void)state;
	for (uint32_t opcode = 0; opcode < 60; opcode++) {
		for (size_t i = 0; i < sizeof(patterns); i++) {
			memset(body, patterns[i], sizeof(body));
			for (size_t size = 0; size <= sizeof(body); size++) {
				session.phase = FUSE_SERVING;
				feed(opcode, 1, body, size);
				assert_true(req.reply.header.len
					    <= sizeof(req.reply.header) + sizeof(req.reply.body)
					       + sizeof(space));
			}
		}
	}
}

/* ---- Replies that the kernel does not take ---- */

static struct { uint64_t forgotten, times, released, released_dir; } taken;

static void forget_taken(struct fuse_req *r, uint64_t node, uint64_t n)
{
	(void)r;
	taken.forgotten = node;
	taken.times += n;
}

static int release(struct fuse_req *r, uint64_t node, const struct fuse_release_in *in)
{
	(void)r;
	(void)node;
	taken.released = in->fh;
	return 0;
}

static int releasedir(struct fuse_req *r, uint64_t node, const struct fuse_release_in *in)
{
	(void)r;
	(void)node;
	taken.released_dir = in->fh;
	return 0;
}

static int open_seven(struct fuse_req *r, uint64_t node, uint32_t flags)
{
	(void)flags;
	return node == 2 ? fuse_opened(r, 7, 0) : -EACCES;
}

static int create_nine(struct fuse_req *r, uint64_t parent, const char *name, const struct fuse_create_in *in)
{
	int err = fuse_entry(r, 2);

	(void)parent;
	(void)name;
	(void)in;
	return err ? err : fuse_opened(r, 9, 0);
}

static void take_back(uint32_t opcode, uint64_t node, const void *body, size_t size)
{
	struct { struct fuse_in_header in; char body[256]; } request = {
		.in = { .len = (uint32_t)(sizeof(request.in) + size), .opcode = opcode, .unique = 7, .nodeid = node },
	};

	memcpy(request.body, body, size);
	memset(&taken, 0, sizeof(taken));
	assert_true(dispatch(&req, &request, request.in.len));
	dispatch_take_back(&req);
}

static void taken_back(void **state)
{
	static const struct fuse_ops keeping = {
		.attr = attr, .lookup = lookup, .readdir = readdir, .forget = forget_taken, .release = release,
		.releasedir = releasedir, .open = open_seven, .opendir = open_seven, .create = create_nine,
	};
	static const struct { struct fuse_create_in in; char name[8]; } create = { .name = "new" };
	static const struct fuse_read_in read = { .size = 4000 };
	static const struct fuse_open_in open;

	(void)state;
	session.ops = &keeping;
	take_back(FUSE_LOOKUP, 1, "hello", 6);
	assert_int_equal(taken.forgotten, 2);
	assert_int_equal(taken.times, 1);
	take_back(FUSE_LOOKUP, 1, "none", 5);
	assert_int_equal(taken.times, 0);
	take_back(FUSE_OPEN, 2, &open, sizeof(open));
	assert_int_equal(taken.released, 7);
	assert_int_equal(taken.times, 0);
	take_back(FUSE_OPEN, 3, &open, sizeof(open));
	assert_int_equal(taken.released, 0);
	take_back(FUSE_OPENDIR, 2, &open, sizeof(open));
	assert_int_equal(taken.released_dir, 7);
	assert_int_equal(taken.released, 0);
	take_back(FUSE_CREATE, 1, &create, sizeof(create));
	assert_int_equal(taken.released, 9);
	assert_int_equal(taken.forgotten, 2);
	take_back(FUSE_READDIRPLUS, 1, &read, sizeof(read));
	assert_int_equal(taken.forgotten, 2);
	assert_int_equal(taken.times, 1);
	take_back(FUSE_READDIR, 1, &read, sizeof(read));
	assert_int_equal(taken.times, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(answers, setup),
		cmocka_unit_test_setup(directories, setup),
		cmocka_unit_test_setup(what_is_left_out, setup),
		cmocka_unit_test_setup(without_reply, setup),
		cmocka_unit_test_setup(malformed_names, setup), cmocka_unit_test_setup(announced, setup),
		cmocka_unit_test_setup(extensions, setup),
		cmocka_unit_test_setup(every_length, setup), cmocka_unit_test_setup(taken_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
