/* SPDX-License-Identifier: MIT */
/* The callers that passfs refuses once with ESTALE, so that the kernel looks a name up again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "passfs/passfs.h"

/* The directory cannot be asked: its access is the same each time. */
#define pass_fd(req, node) ((void)(req), (void)(node), -1)
#include "../../applets/passfs/retry.c"

static bool asks_again(uint32_t pid)
{
	const struct fuse_in_header in = { .opcode = FUSE_UNLINK, .pid = pid, .uid = 1777 };
	const struct fuse_req req = { .in = &in };
	uint32_t owner;

	return pass_asks_again(&req, 1, "name", &owner);
}

static void others_finish_before(void **state)
{
	(void)state;
	assert_false(asks_again(1));
	for (uint32_t pid = 2; pid < 2 + 2 * PASS_RETRIES; pid++) {
		assert_false(asks_again(pid));
		assert_true(asks_again(pid));
	}
	assert_true(asks_again(1));
}

static void others_never_return(void **state)
{
	(void)state;
	for (uint32_t pid = 1; pid <= PASS_RETRIES; pid++)
		assert_false(asks_again(pid));
	assert_false(asks_again(100));
	assert_true(asks_again(100));
	assert_false(asks_again(1));
	assert_true(asks_again(PASS_RETRIES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_finish_before),
		cmocka_unit_test(others_never_return),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
