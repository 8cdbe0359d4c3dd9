/* SPDX-License-Identifier: MIT */
/* mountinfo, table, match: rows of the mount table, and which of them -t and -O mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/match.h"
#include "mount/mountinfo.h"
#include "mount/table.h"

static void mountinfo(void **state)
{
	char line[] = "62 42 0:38 / /tmp/a\\040b\\134 ro,nosuid shared:1 master:2 - fuse.x my\\012disk rw,user_id=0";
	char empty[] = "1 2 3:4 / /m rw -  ext4";
	char no_source[] = "62 42 8:1 / /m rw - fuseblk  rw";
	struct table_row row;

	(void)state;
	assert_int_equal(mountinfo_parse(line, &row), 0);
	assert_int_equal(row.id, 62);
	assert_int_equal(row.minor, 38);
	assert_string_equal(row.mountpoint, "/tmp/a b\\");
	assert_string_equal(row.source, "my\ndisk");
	assert_string_equal(row.super, "rw,user_id=0");
	assert_true(table_is_fuse(&row));
	assert_int_equal(mountinfo_parse(empty, &row), -EINVAL);
	assert_int_equal(mountinfo_parse(no_source, &row), 0);
	assert_string_equal(row.source, "");
	assert_int_equal(table_connection(&row), 8 << 20 | 1);
}

/* Every truncated line is refused or parsed, and never read beyond its end. */
static void mountinfo_cut(void **state)
{
	static const char line[] = "62 42 0:38 / /tmp/a\\040b ro shared:1 - fuse.x disk rw";

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		char *copy = strndup(line, n);
		struct table_row row;

		assert_int_equal(mountinfo_parse(copy, &row), n >= strlen(line) - 1 ? 0 : -EINVAL);
		free(copy);
	}
}

static void fuse_types(void **state)
{
	static const struct { const char *type; bool fuse; } types[] = {
		{ "fuse", true }, { "fuse.sshfs", true }, { "fuseblk", true }, { "fuseblk.ntfs", true },
		{ "fusectl", false }, { "ext4", false }, { "fuse3", false }, { "fus", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct table_row row = { .type = types[i].type };

		assert_int_equal(table_is_fuse(&row), types[i].fuse);
	}
}

static void mountinfo_propagation(void **state)
{
	static const struct { const char *fields, *propagation; } kinds[] = {
		{ "- ", "" }, { "shared:7 - ", "shared:7" }, { "shared:7 master:2 - ", "shared:7 master:2" },
		{ "master:1 propagate_from:3 unbindable - ", "master:1 propagate_from:3 unbindable" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct table_row row;
		char line[128];

		snprintf(line, sizeof(line), "1 2 0:3 / /m rw %sfuse.x src ro", kinds[i].fields);
		assert_int_equal(mountinfo_parse(line, &row), 0);
		assert_string_equal(row.propagation, kinds[i].propagation);
		assert_string_equal(row.type, "fuse.x");
	}
}

/* Every string, with the longest truncated first at the end of the buffer, and none outside it. */
static void rows_are_copied(void **state)
{
	struct table_row row = {
		.id = 5, .root = "/", .mountpoint = "/mnt", .options = "rw", .propagation = "",
		.type = "fuse", .source = "src", .super = "ro",
	}, copy;

	(void)state;
	for (size_t size = 1; size < 40; size++) {
		char *text = malloc(size);

		table_copy(&copy, &row, text, size);
		assert_int_equal(copy.id, 5);
		assert_int_equal(strncmp(copy.mountpoint, "/mnt", strlen(copy.mountpoint)), 0);
		if (size > 30) {
			assert_string_equal(copy.mountpoint, "/mnt");
			assert_string_equal(copy.super, "ro");
			assert_string_equal(copy.root, "/");
		}
		free(text);
	}
}

#define ROW70 "0123456789012345678901234567890123456789012345678901234567890123456789"
static void filters(void **state)
{
	static const struct { const char *types, *type; bool match; } types[] = {
		{ "fuse.a", "fuse.a", true }, { "fuse.a", "fuse.ab", false }, { "fuse.ab", "fuse.a", false },
		{ "fuse.a,fuse.b", "fuse.b", true }, { "nofuse.a", "fuse.a", false },
		{ "nofuse.a", "fuse.b", true }, { "nofuse.a,fuse.b", "fuse.b", false },
		{ "fuse.a,nofuse.b", "fuse.b", false }, { "fuse.a,nofuse.b", "fuse.a", true },
		{ "", "fuse.a", false },
	};
	static const struct { const char *wanted, *options; bool match; } lists[] = {
		{ "ro", "ro,nosuid", true }, { "rw", "ro,nosuid", false }, { "noro", "ro", false },
		{ "noro", "rw", true }, { "ro,nosuid", "nosuid,ro", true }, { "nosuid", "nosuid", true },
		{ "user=bob", "user=bobby", false }, { "", "ro", true },
		{ "x-" ROW70 "b", "x-" ROW70, false }, { "x-" ROW70, "ro,x-" ROW70 "b", false },
		{ "x-" ROW70 "b", "ro,x-" ROW70 "b", true }, { "nox-" ROW70 "b", "x-" ROW70 "b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		assert_int_equal(match_type(types[i].types, types[i].type), types[i].match);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		assert_int_equal(match_options(lists[i].wanted, lists[i].options, ""), lists[i].match);
	assert_true(match_options("ro,index=off", "ro", "index=off"));
	assert_false(match_options("noindex=off", "ro", "index=off"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mountinfo), cmocka_unit_test(mountinfo_cut), cmocka_unit_test(fuse_types),
		cmocka_unit_test(mountinfo_propagation), cmocka_unit_test(rows_are_copied), cmocka_unit_test(filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
