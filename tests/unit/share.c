/* SPDX-License-Identifier: MIT */
/* share: which requests count for one limit, and which of them are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "fuse/share.h"

/* Nodes from 100 on are on the file system below whose number is their hundred. */
static uint64_t place(void *fs, uint64_t node)
{
	(void)fs;
	return node / 100;
}

static const struct fuse_ops ops = { .place = place };
static const struct fuse_session session = { .ops = &ops };
enum { MINE = 5, OTHER = 6, DEVICE = 3, NO_MORE_KEPT = 4096 /* waiting requests of one kind */ };

static struct request { struct fuse_in_header in; struct fuse_copy_file_range_in copy; } buffer;
static uint64_t unique;

static enum share begin(int thread, uint32_t opcode, uint32_t uid, uint64_t node, uint64_t node_out)
{
	struct request request = {
		.in = { .opcode = opcode, .unique = ++unique, .uid = uid, .nodeid = node },
		.copy = { .nodeid_out = node_out },
	};

	return share_begin(thread, &session, DEVICE, &request, sizeof(request), true);
}

/* As many threads wait as one user or file system may have. */
static void occupy(uint32_t uid, uint64_t node)
{
	for (int i = 0; i < SHARE_EACH; i++) {
		int thread = share_join();

		assert_in_range(thread, 0, SHARE_THREADS - 1);
		assert_int_equal(begin(thread, FUSE_READ, uid, node, 0), SHARE_RUN);
	}
}

/* Ends all waiting threads, including the kept ones; returns how many there were. */
static int end_all(void)
{
	int kept = 0, device;

	for (bool more = true; more; ) {
		more = false;
		for (int thread = 0; thread < SHARE_THREADS; thread++)
			if (share_end(thread, &session, &buffer, &device)) {
				kept++;
				more = true;
			}
	}
	for (int thread = 0; thread < SHARE_THREADS; thread++)
		share_leave(thread);
	return kept;
}

static int next(void)
{
	int thread = share_join();

	assert_in_range(thread, 0, SHARE_THREADS - 1);
	return thread;
}

static void kinds_count_apart(void **state)
{
	(void)state;
	occupy(MINE, 1);
	assert_int_equal(begin(next(), FUSE_READ, OTHER, 1, 0), SHARE_RUN);
	assert_int_equal(begin(next(), FUSE_READ, MINE, 100, 0), SHARE_RUN);
	assert_int_equal(begin(next(), FUSE_READ, 0, 1, 0), SHARE_RUN);
	assert_int_equal(begin(next(), FUSE_READ, MINE, 1, 0), SHARE_KEPT);
	assert_int_equal(end_all(), 1);
	/* Requests for one file system below count together, whoever the user is. */
	occupy(MINE, 100);
	assert_int_equal(begin(next(), FUSE_READ, OTHER, 100, 0), SHARE_KEPT);
	assert_int_equal(begin(next(), FUSE_READ, 0, 100, 0), SHARE_KEPT);
	assert_int_equal(begin(next(), FUSE_READ, OTHER, 200, 0), SHARE_RUN);
	assert_int_equal(end_all(), 2);
}

static void a_copy_counts_where_it_writes_too(void **state)
{
	(void)state;
	occupy(0, 100);
	assert_int_equal(begin(next(), FUSE_COPY_FILE_RANGE, 0, 1, 1), SHARE_RUN);
	assert_int_equal(begin(next(), FUSE_COPY_FILE_RANGE, 0, 1, 100), SHARE_KEPT);
	assert_int_equal(begin(next(), FUSE_COPY_FILE_RANGE_64, 0, 1, 100), SHARE_KEPT);
	assert_int_equal(begin(next(), FUSE_COPY_FILE_RANGE, 0, 100, 1), SHARE_KEPT);
	/* In other requests the same bytes mean something else. */
	assert_int_equal(begin(next(), FUSE_WRITE, 0, 1, 100), SHARE_RUN);
	assert_int_equal(end_all(), 3);
}

static void the_end_of_a_file_is_never_refused(void **state)
{
	static const uint32_t ends[] = { FUSE_RELEASE, FUSE_RELEASEDIR };
	static const uint32_t without_share[] = { FUSE_FORGET, FUSE_BATCH_FORGET, FUSE_INTERRUPT, FUSE_DESTROY };
	int thread;

	(void)state;
	occupy(MINE, 1);
	thread = next();
	for (int i = 0; i < NO_MORE_KEPT; i++)
		assert_int_equal(begin(thread, FUSE_READ, MINE, 1, 0), SHARE_KEPT);
	assert_int_equal(begin(thread, FUSE_READ, MINE, 1, 0), SHARE_REFUSE);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		assert_int_equal(begin(thread, ends[i], MINE, 1, 0), SHARE_KEPT);
	for (size_t i = 0; i < sizeof(without_share) / sizeof(*without_share); i++)
		assert_int_equal(begin(thread, without_share[i], MINE, 1, 0), SHARE_RUN);
	assert_int_equal(end_all(), NO_MORE_KEPT + 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_count_apart),
		cmocka_unit_test(a_copy_counts_where_it_writes_too),
		cmocka_unit_test(the_end_of_a_file_is_never_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
