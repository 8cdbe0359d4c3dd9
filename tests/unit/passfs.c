/* SPDX-License-Identifier: MIT */
/* The parts of passfs that make no request: names, permissions, owners, and the table of inodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "passfs/inodes.h"
#include "passfs/view.h"

static void names(void **state)
{
	static const struct { const char *pattern, *name; bool fits; } cases[] = {
		{ "*.swp", ".swp", true }, { "*.swp", "a.swp", true }, { "*.swp", "a.swp.swp", true },
		{ "*.swp", "a.swo", false }, { "*.swp", "", false }, { "*", "", true }, { "", "", true },
		{ "", "a", false }, { "?", "", false }, { "?", "a", true }, { "??", "a", false },
		{ "a*b*c", "aXbYbZc", true }, { "a*b*c", "aXbY", false }, { "**a", "a", true },
		{ "[a-c]x", "bx", true }, { "[a-c]x", "dx", false }, { "[!a-c]x", "dx", true },
		{ "[!a-c]x", "ax", false }, { "[^a]", "b", true }, { "[]]", "]", true }, { "[]a]", "a", true },
		{ "[a", "a", false }, { "[a", "[a", false }, { "[a-]", "-", true }, { "[-a]", "-", true },
		{ "\\*", "*", true }, { "\\*", "a", false }, { "a\\", "a\\", true }, { "\\[a]", "[a]", true },
		{ "[z-a]", "m", false }, { "*[0-9]", "file7", true }, { "\377*", "\377x", true },
		{ "[\200-\377]", "\300", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (name_matches(cases[i].pattern, cases[i].name) != cases[i].fits)
			fail_msg("%s, %s", cases[i].pattern, cases[i].name);
}

static void permissions(void **state)
{
	enum { BAD = 1 << 20 };
	static const struct { const char *perms; uint32_t from, to; } cases[] = {
		{ "0", 0100755, 0100000 }, { "640", 0107755, 0100640 }, { "7777", 0040000, 0047777 },
		{ "u=rw", 0100111, 0100611 }, { "u+x", 0100600, 0100700 }, { "go-w", 0100666, 0100644 },
		{ "a=rX", 0100644, 0100444 }, { "a=rX", 0100744, 0100555 }, { "a=rX", 0040700, 0040555 },
		{ "=r", 0100777, 0100444 }, { "u=", 0100777, 0100077 }, { "g=rw,o=r", 0100700, 0100764 },
		{ "u+s", 0100755, 0104755 }, { "g+s", 0100755, 0102755 }, { "+t", 0040777, 0041777 },
		{ "u-s", 0106755, 0102755 }, { "a-s", 0106755, 0100755 }, { "ug+rw-x", 0, BAD },
		{ "", 0, BAD }, { "8", 0, BAD }, { "10000", 0, BAD }, { "755x", 0, BAD }, { "u", 0, BAD },
		{ "u=rwz", 0, BAD }, { "u=r,", 0, BAD }, { ",u=r", 0, BAD }, { "u=r,,g=r", 0, BAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t mode = cases[i].from;
		bool good = perms_apply(cases[i].perms, &mode);

		if (good != (cases[i].to != BAD) || (good && mode != cases[i].to))
			fail_msg("%s of %o: %o", cases[i].perms, cases[i].from, mode);
	}
}

static void owners(void **state)
{
	struct passview view = { .force_user = -1, .force_group = -1 };
	static const char *const bad[] = { "1", ":", "1:", ":1", "a:b", "1:@2", "@1:2", "1:2;3:4", "-1:2", "1:2,3",
					   "4294967295:1", "1:99999999999999999999", "1:2 ", "@@1:@2" };
	char good[] = "0:1000,@0:@1001,5:6", word[32];
	const char *where;

	(void)state;
	assert_null(passview_map(&view, good, &where));
	assert_int_equal(view.pairs, 3);
	assert_int_equal(passview_shown(&view, 0, false), 1000);
	assert_int_equal(passview_shown(&view, 0, true), 1001);
	assert_int_equal(passview_shown(&view, 1, false), 1);
	assert_int_equal(passview_source(&view, 1000, false), 0);
	assert_int_equal(passview_source(&view, 1000, true), 1000);
	assert_int_equal(passview_source(&view, 6, false), 5);
	assert_int_equal(passview_source(&view, UINT32_MAX, false), UINT32_MAX);
	assert_true(passview_alters(&view, false) && passview_alters(&view, true));
	view.uid_offset = 100;
	assert_int_equal(passview_shown(&view, 7, false), 107);
	assert_int_equal(passview_shown(&view, 5, false), 6);
	assert_int_equal(passview_source(&view, 107, false), 7);
	assert_int_equal(passview_source(&view, 50, false), 50);
	assert_int_equal(passview_shown(&view, UINT32_MAX - 101, false), UINT32_MAX - 1);
	assert_int_equal(passview_shown(&view, UINT32_MAX - 100, false), UINT32_MAX - 100);
	assert_int_equal(passview_shown(&view, UINT32_MAX - 99, false), UINT32_MAX - 99);	/* not 0, root's */
	view.force_user = 3;
	assert_true(passview_alters(&(struct passview) { .force_user = 3, .force_group = -1 }, false));
	assert_false(passview_alters(&(struct passview) { .force_user = 3, .force_group = -1 }, true));
	assert_false(passview_alters(&(struct passview) { .force_user = -1, .force_group = -1, .uid_offset = 1 }, true));
	assert_int_equal(passview_shown(&view, 5, false), 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct passview v = { .force_user = -1, .force_group = -1 };
		size_t n = 0;

		while ((word[n] = bad[i][n]))
			n++;
		if (!passview_map(&v, word, &where))
			fail_msg("%s is taken", bad[i]);
	}
	view.pairs = 0;
	for (int i = 0; i < VIEW_PAIRS; i++) {
		char pair[] = "1:2";
		assert_null(passview_map(&view, pair, &where));
	}
	good[0] = '1', good[1] = ':', good[2] = '2', good[3] = '\0';
	assert_non_null(passview_map(&view, good, &where));
}

/* Makes an access list of these entries: tag, permissions, id. */
static size_t list_of(const char *text, unsigned char *list)
{
	unsigned int tag, permissions, who;
	size_t n = 4;

	memcpy(list, "\2\0\0", 4);
	for (int used; sscanf(text, "%x %o %u%n", &tag, &permissions, &who, &used) == 3; n += 8) {
		const unsigned int bytes[8] = { tag, 0, permissions, 0, who, who >> 8, who >> 16, who >> 24 };

		for (size_t i = 0; i < 8; i++)
			list[n + i] = (unsigned char)(bytes[i] & 0xff);
		text += used + (text[used] == ',');
	}
	return n;
}

static void expect_list(const struct passview *view, const char *from, const char *to, uint32_t mode, bool back)
{
	unsigned char list[1 + 100], want[100];
	size_t wanted = list_of(to, want), size = passview_acl(view, list + 1, list_of(from, list + 1), mode, back);

	/* At an unaligned address, as in a request. */
	assert_int_equal(size, wanted);
	assert_memory_equal(list + 1, want, size);
}

static void lists(void **state)
{
	static const char real[] = "1 6 4294967295,2 6 1005,4 4 4294967295,8 4 1006,10 6 4294967295,20 0 4294967295";
	struct passview view = { .force_user = -1, .force_group = -1 };
	unsigned char list[100];

	(void)state;
	expect_list(&view, real, real, 0, false);
	expect_list(&view, real, real, 0, true);
	/* The mode's group bits are the mask, or the group's entry without a mask. */
	expect_list(&view, real, "1 7 4294967295,2 6 1005,4 4 4294967295,8 4 1006,10 5 4294967295,20 1 4294967295", 0100751, false);
	expect_list(&view, "1 6 0,4 6 0,20 6 0", "1 7 0,4 5 0,20 1 0", 0100751, false);
	view.uid_offset = 70000;
	view.gid_offset = 5;
	expect_list(&view, real, "1 6 4294967295,2 6 71005,4 4 4294967295,8 4 1011,10 6 4294967295,20 0 4294967295", 0, false);
	expect_list(&view, "1 6 7,2 6 71005,2 1 9,8 4 1011", "1 6 7,2 6 1005,2 1 9,8 4 1006", 0, true);
	view.force_user = 3;
	expect_list(&view, real, "1 6 4294967295,4 4 4294967295,8 4 1011,10 6 4294967295,20 0 4294967295", 0, false);
	expect_list(&view, "2 6 71005,8 4 1011", "2 6 1005,8 4 1006", 0, true);
	view.force_group = 3;
	expect_list(&view, real, "1 6 4294967295,4 4 4294967295,10 6 4294967295,20 0 4294967295", 0, false);
	expect_list(&view, "8 4 1011,2 6 71005", "", 0, false);
	/* Bytes that are no access list stay unchanged. */
	for (size_t size = 0; size < 40; size++) {
		unsigned char same[sizeof(list)];

		memset(list, 2, sizeof(list));
		memset(same, 2, sizeof(same));
		assert_int_equal(passview_acl(&view, list, size, 0100700, false), size % 8 == 4 ? 4 : size);
		if (size % 8 != 4)
			assert_memory_equal(list, same, sizeof(list));
	}
}

static struct inodes table;

static uint64_t take(uint64_t ino)
{
	return inodes_take(&table, dup(0), 1, ino, INODE_ALONE);
}

/* Counts descriptors, to see that none is lost. */
static int next_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void lookups(void **state)
{
	int free_before;

	(void)state;
	table = (struct inodes) { .live = 0 };
	assert_int_equal(take(10), 1);
	free_before = next_descriptor();
	assert_int_equal(take(11), 2);
	assert_int_equal(take(11), 2);
	assert_int_equal(inodes_take(&table, dup(0), 2, 11, INODE_ALONE), 3);	/* on another file system */
	assert_int_equal(inodes_get(&table, 2)->lookups, 2);
	assert_null(inodes_get(&table, 0));
	assert_null(inodes_get(&table, 4));
	assert_null(inodes_get(&table, 129));
	assert_null(inodes_get(&table, UINT64_MAX));
	inodes_forget(&table, 2, 1, INODE_ALONE);
	assert_non_null(inodes_get(&table, 2));
	inodes_get(&table, 2)->backing = 7;
	assert_int_equal(inodes_forget(&table, 2, 5, INODE_ALONE), 7);	/* more lookups than the kernel has
									   made */
	assert_null(inodes_get(&table, 2));
	assert_int_equal(inodes_forget(&table, 2, 1, INODE_ALONE), 0);
	inodes_forget(&table, 1, 100, INODE_ALONE);
	assert_non_null(inodes_get(&table, 1));			/* the root is never removed */
	inodes_forget(&table, 3, 1, INODE_ALONE);
	assert_int_equal(next_descriptor(), free_before);
	assert_int_equal(take(12), 3);				/* the place that was freed last */
}

static void many(void **state)
{
	enum { MANY = 900 };
	int free_before;

	(void)state;
	table = (struct inodes) { .live = 0 };
	take(1);
	free_before = next_descriptor();
	for (uint64_t i = 2; i <= MANY; i++)
		assert_int_equal(take(i * 7), i);
	assert_int_equal(table.held, MANY);
	assert_int_equal(inodes_most(&table), MANY);
	for (uint64_t i = 2; i <= MANY; i++)
		assert_int_equal(inodes_get(&table, i)->ino, i * 7);
	for (uint64_t i = 2; i <= MANY; i += 2)
		inodes_forget(&table, i, 1, INODE_ALONE);
	for (uint64_t i = 3; i <= MANY; i += 2)
		assert_int_equal(take(i * 7), i);
	for (uint64_t i = 3; i <= MANY; i += 2)
		inodes_forget(&table, i, 2, INODE_ALONE);
	assert_int_equal(table.held, 1);
	assert_int_equal(next_descriptor(), free_before);
	assert_int_equal(table.room, 128);		/* it has shrunk again */
	assert_null(table.block[1].all);
	assert_in_range(take(5000), 2, 128);
}

static void retired(void **state)
{
	int free_before;

	(void)state;
	table = (struct inodes) { .live = 0 };
	take(1);
	free_before = next_descriptor();
	assert_int_equal(take(2), 2);
	assert_true(inodes_open(&table, 2));
	assert_false(inodes_retire(&table, 2));		/* an open file is not forgotten */
	inodes_close(&table, 2);
	assert_true(inodes_retire(&table, 2));
	assert_false(inodes_retire(&table, 2));
	assert_false(inodes_retire(&table, 1));		/* the root is never removed */
	assert_false(inodes_open(&table, 2));
	assert_int_equal(take(2), 3);			/* a second lookup of the same file */
	assert_non_null(inodes_get(&table, 2));		/* valid as long as the kernel knows the
							   inode */
	for (uint64_t i = 4; i < 400; i++)		/* found after the hash has grown */
		assert_int_equal(take(i), i);
	assert_int_equal(take(2), 3);
	for (uint64_t i = 4; i < 400; i++)
		inodes_forget(&table, i, 1, INODE_ALONE);
	assert_int_equal(take(2), 3);
	inodes_forget(&table, 2, 1, INODE_ALONE);
	assert_null(inodes_get(&table, 2));
	inodes_forget(&table, 3, 4, INODE_ALONE);
	assert_int_equal(next_descriptor(), free_before);
	assert_false(inodes_open(&table, 2));
	assert_int_equal(take(9), 3);
	assert_true(inodes_open(&table, 3));		/* a place that was freed and taken again
							   can be opened */
}

static void kept_numbers(void **state)
{
	(void)state;
	table = (struct inodes) { .keep_numbers = true };
	take(1);
	assert_int_equal(take(2), 2);
	assert_int_equal(take(3), 3);
	inodes_forget(&table, 2, 1, INODE_ALONE);
	assert_null(inodes_get(&table, 2));
	assert_int_equal(take(4), 4);			/* not the place of a sleeping inode */
	assert_int_equal(take(2), 2);
	assert_non_null(inodes_get(&table, 2));
	for (uint64_t i = 5; i < 400; i++) {
		assert_int_equal(take(i), i);
		inodes_forget(&table, i, 1, INODE_ALONE);
	}
	assert_int_equal(take(200), 200);
	assert_int_equal(table.held, 5);
}

static bool all_are_gone(int fd)
{
	(void)fd;
	return true;
}

static void numbers_of_what_is_gone(void **state)
{
	(void)state;
	table = (struct inodes) { .keep_numbers = true, .is_gone = all_are_gone };
	take(1);
	for (uint64_t i = 2; i < 1000; i++) {
		assert_int_equal(take(i), 2);
		inodes_forget(&table, 2, 1, INODE_ALONE);
	}
	assert_int_equal(table.live, 1);
	table.is_gone = NULL;
	for (uint64_t i = 2; i < 1000; i++) {
		assert_int_equal(take(i), i);
		inodes_forget(&table, i, 1, INODE_ALONE);
	}
	assert_int_equal(take(500), 500);		/* the other inodes sleep */
	assert_false(inodes_is_asleep(&table, 500));
	assert_false(inodes_is_asleep(&table, 1000));
	for (uint64_t i = 1; i < 1200; i++)
		inodes_drop(&table, i);
	assert_int_equal(table.live, 2);
	assert_non_null(inodes_get(&table, 500));
	assert_null(inodes_get(&table, 999));
	for (uint64_t i = 2000; i < 2300; i++)		/* each place once, and never that of an
							   inode that is awake */
		assert_int_not_equal(take(i), 500);
	assert_int_equal(take(2299), take(2299));
	assert_int_equal(table.live, 302);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names), cmocka_unit_test(permissions), cmocka_unit_test(owners), cmocka_unit_test(lists),
		cmocka_unit_test(lookups), cmocka_unit_test(many), cmocka_unit_test(retired),
		cmocka_unit_test(kept_numbers), cmocka_unit_test(numbers_of_what_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
