/* SPDX-License-Identifier: MIT */
/* negotiation: what INIT agrees to with kernels of each age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"

static void init(uint32_t major, uint32_t minor, size_t size)
{
	struct fuse_init_in in = { .major = major, .minor = minor, .max_readahead = 65536,
				   .flags = 0x7fffffff, .flags2 = 0xffffffff };

	session.phase = FUSE_STARTING;
	assert_true(feed(FUSE_INIT, 0, &in, size));
}

static void negotiates(void **state)
{
	(void)state;
	init(7, 45, sizeof(struct fuse_init_in));
	assert_int_equal(req.reply.header.error, 0);
	assert_int_equal(req.reply.body_size, 64);
	assert_int_equal(req.reply.body.init.minor, 45);
	assert_int_equal(req.reply.body.init.max_readahead, 65536);
	assert_int_equal(req.reply.body.init.max_write, 4096);
	assert_int_equal(session.phase, FUSE_ANSWERED);
	init(7, 99, sizeof(struct fuse_init_in));
	assert_int_equal(req.reply.body.init.minor, 45);
	init(7, 22, 16);
	assert_int_equal(req.reply.body_size, 24);
	assert_int_equal(req.reply.body.init.minor, 22);
	init(7, 12, 16);
	assert_int_equal(req.reply.header.error, 0);
	init(7, 11, 16);
	assert_int_equal(req.reply.header.error, -EPROTO);
	init(6, 30, 16);
	assert_int_equal(req.reply.header.error, -EPROTO);
	init(8, 0, 16);
	assert_int_equal(req.reply.header.error, 0);
	assert_int_equal(req.reply.body.init.major, 7);
	assert_int_equal(session.phase, FUSE_STARTING);
}

/* Agrees to no flag that the kernel did not offer, and to none of the upper 32 without
   FUSE_INIT_EXT. */
static void flags_are_masked(void **state)
{
	(void)state;
	for (int bit = 0; bit < 32; bit++) {
		struct fuse_init_in in = { .major = 7, .minor = 40, .flags = 1u << bit,
					   .flags2 = 0xffffffff };

		session.phase = FUSE_STARTING;
		assert_true(feed(FUSE_INIT, 0, &in, sizeof(in)));
		assert_int_equal(req.reply.body.init.flags & ~in.flags, 0);
		if (bit != 30)
			assert_int_equal(req.reply.body.init.flags2, 0);
	}
}

/* The kernel accepts a timeout only with its flag, and 0 means none. */
static void timeout_is_asked_for(void **state)
{
	struct fuse_init_in in = { .major = 7, .minor = 43, .flags = FUSE_INIT_EXT };

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool wanted = i & 1, offered = i & 2;

		session.phase = FUSE_STARTING;
		session.request_timeout = wanted ? 20 : 0;
		in.flags2 = offered ? (uint32_t)(FUSE_REQUEST_TIMEOUT >> 32) : 0;
		assert_true(feed(FUSE_INIT, 0, &in, sizeof(in)));
		assert_int_equal(req.reply.body.init.request_timeout, wanted && offered ? 20 : 0);
		assert_int_equal(req.reply.body.init.flags2 != 0, wanted && offered);
	}
	session.request_timeout = 0;
}

/* The kernel ends a connection that allows idmapped mounts without default_permissions. */
static void idmap_takes_default_permissions(void **state)
{
	struct fuse_init_in in = { .major = 7, .minor = 41, .flags = FUSE_INIT_EXT };
	struct fuse_ops wanting = ops;

	(void)state;
	wanting.want = FUSE_ALLOW_IDMAP;
	session.ops = &wanting;
	for (int i = 0; i < 4; i++) {
		bool checks = i & 1, offered = i & 2;

		session.phase = FUSE_STARTING;
		session.kernel_checks = checks;
		in.flags2 = offered ? (uint32_t)(FUSE_ALLOW_IDMAP >> 32) : 0;
		assert_true(feed(FUSE_INIT, 0, &in, sizeof(in)));
		assert_int_equal(req.reply.body.init.flags2 != 0, checks && offered);
	}
}

static void only_init_at_first(void **state)
{
	(void)state;
	session.phase = FUSE_STARTING;
	assert_true(feed(FUSE_GETATTR, 1, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16));
	assert_int_equal(req.reply.header.error, -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(negotiates, setup), cmocka_unit_test_setup(flags_are_masked, setup),
		cmocka_unit_test_setup(timeout_is_asked_for, setup),
		cmocka_unit_test_setup(idmap_takes_default_permissions, setup),
		cmocka_unit_test_setup(only_init_at_first, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
