/* out, msg, opt, optlist, table: text in, text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "opt.h"
#include "optlist.h"
#include "out.h"
#include "table.h"

static void formats(void **state)
{
	char text[128];
	struct out out = OUT_TEXT(text);

	(void)state;
	out_fmt(&out, "[%d|%u|%x|%o|%c|%%|%s]", -5, 7u, 255u, 8u, 'z', "s");
	assert_string_equal(out_text(&out), "[-5|7|ff|10|z|%|s]");
	out.len = 0;
	out_fmt(&out, "[%5d|%-5s|%05u|%.2s|%*u]", 42, "ab", 42u, "xyz", 4, 1u);
	assert_string_equal(out_text(&out), "[   42|ab   |00042|xy|   1]");
	out.len = 0;
	out_fmt(&out, "%llu %lld %zu %ld", (unsigned long long)UINT64_MAX, (long long)INT64_MIN,
		(size_t)3, LONG_MIN);
	assert_non_null(strstr(out_text(&out), "18446744073709551615 -9223372036854775808 3 -"));
}

static void cuts_what_does_not_fit(void **state)
{
	char text[8];
	struct out out = OUT_TEXT(text);

	(void)state;
	out_fmt(&out, "%s", "0123456789");
	assert_string_equal(out_text(&out), "0123456");
}

static void escapes(void **state)
{
	char text[64];
	struct out out = OUT_TEXT(text);

	(void)state;
	out.escape = true;
	out_fmt(&out, "%s\n", "a\nb\\c\x1b[0m\x7f n");
	assert_string_equal(out_text(&out), "a\\nb\\\\c\\033[0m\\177 n\n");
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(msg_errno_name(-ENOENT), "ENOENT");
	assert_string_equal(msg_reason(-ENOTCONN), "Transport endpoint is not connected");
	assert_string_equal(msg_reason(-ESTALE), strerror(ESTALE));
	assert_string_equal(msg_reason(-EPERM), strerror(EPERM));
	assert_string_equal(msg_reason(-9999), "error 9999");
}

struct args { bool lazy; const char *type; int number; struct opt_set call; const char *called; };

static const char *call(void *args, char *value, const char **bad)
{
	((struct args *)args)->called = value;
	*bad = value;
	return strcmp(value, "no") == 0 ? "refused" : NULL;
}

static const struct opt options[] = {
	OPT('l', "lazy", OPT_FLAG, struct args, lazy, NULL, "lazy"),
	OPT('t', "type", OPT_STRING, struct args, type, "TYPE", "type"),
	OPT('n', "number", OPT_NUMBER, struct args, number, "N", "number"),
	OPT('o', NULL, OPT_CALL, struct args, call, "LIST", "call"),
	OPT_END
};

#define WORDS(...) char *argv[] = { (char *)"applet", __VA_ARGS__, NULL }
#define W(text) (char *)(text)

static void parses(void **state)
{
	struct args args = { .call = { call, &args } };
	struct opt_rest rest;
	WORDS(W("one"), W("-lt"), W("fuse"), W("two"), W("-n7"), W("--"), W("-l"), W("{}"));

	(void)state;
	assert_int_equal(opt_parse(options, &args, argv, &rest), 0);
	assert_true(args.lazy);
	assert_string_equal(args.type, "fuse");
	assert_int_equal(args.number, 7);
	assert_int_equal(rest.count, 2);
	assert_string_equal(rest.operands[0], "one");
	assert_string_equal(rest.operands[1], "two");
	assert_string_equal(rest.after[0], "-l");
	assert_string_equal(rest.after[1], "{}");
	assert_null(rest.after[2]);
}

static void parses_long(void **state)
{
	struct args args = { .call = { call, &args } };
	struct opt_rest rest;
	WORDS(W("--type=a=b"), W("--number"), W("12"), W("-oro,rw"), W("-"));

	(void)state;
	assert_int_equal(opt_parse(options, &args, argv, &rest), 0);
	assert_string_equal(args.type, "a=b");
	assert_int_equal(args.number, 12);
	assert_string_equal(args.called, "ro,rw");
	assert_int_equal(rest.count, 1);
	assert_null(rest.after);
}

static void refuses(void **state)
{
	static char *const words[][3] = {
		{ W("-x"), W("-x"), W("unknown option") },
		{ W("--bogus"), W("--bogus"), W("unknown option") },
		{ W("--typ=x"), W("--typ=x"), W("unknown option") },
		{ W("--lazy=1"), W("--lazy=1"), W("takes no value") },
		{ W("-t"), W("-t"), W("needs a value") },
		{ W("--type"), W("--type"), W("needs a value") },
		{ W("-n1x"), W("1x"), W("not a number") },
		{ W("-n99999999999"), W("99999999999"), W("not a number") },
		{ W("-ono"), W("no"), W("refused") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct args args = { .call = { call, &args } };
		struct opt_rest rest;
		WORDS(words[i][0]);

		assert_int_equal(opt_parse(options, &args, argv, &rest), -EINVAL);
		assert_string_equal(rest.bad, words[i][1]);
		assert_string_equal(rest.why, words[i][2]);
	}
}

static void option_lists(void **state)
{
	struct optlist o = { .flags = MOUNT_RDONLY, .allow_other = true };
	char list[] = "rw,nosuid,,noallow_other,fsname=a\\,b\\\\c,max_read=4096,noatime,relatime";
	char text[256];
	struct out out = OUT_TEXT(text);
	const char *bad;

	(void)state;
	assert_null(optlist_parse(&o, list, &bad));
	assert_int_equal(o.flags, MOUNT_NOSUID | MOUNT_RELATIME);
	assert_false(o.allow_other);
	assert_string_equal(o.fsname, "a,b\\c");
	assert_int_equal(o.max_read, 4096);
	o.subtype = "x";
	optlist_text(&o, &out);
	assert_string_equal(out_text(&out),
			    "rw,nosuid,relatime,max_read=4096,fsname=a\\,b\\\\c,subtype=x");
}

static void option_lists_refuse(void **state)
{
	static const char *const lists[][3] = {
		{ "ro,bogus", "bogus", "unknown option" },
		{ "bogus=1", "bogus=1", "unknown option" },
		{ "max_read=x", "max_read=x", "not a number of bytes" },
		{ "max_read=4294967296", "max_read=4294967296", "not a number of bytes" },
		{ "fsname", "fsname", "unknown option" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct optlist o = { .flags = 0 };
		char list[64];
		const char *bad;

		strcpy(list, lists[i][0]);
		assert_string_equal(optlist_parse(&o, list, &bad), lists[i][2]);
		assert_string_equal(bad, lists[i][1]);
	}
}

static void mountinfo(void **state)
{
	char line[] = "62 42 0:38 / /tmp/a\\040b\\134 ro,nosuid shared:1 master:2 - fuse.x my\\012disk rw,user_id=0";
	char empty[] = "1 2 3:4 / /m rw -  ext4";
	char no_source[] = "62 42 8:1 / /m rw - fuseblk  rw";
	struct table_row row;

	(void)state;
	assert_int_equal(table_parse(line, &row), 0);
	assert_int_equal(row.id, 62);
	assert_int_equal(row.minor, 38);
	assert_string_equal(row.mountpoint, "/tmp/a b\\");
	assert_string_equal(row.source, "my\ndisk");
	assert_string_equal(row.super, "rw,user_id=0");
	assert_true(table_is_fuse(&row));
	assert_int_equal(table_parse(empty, &row), -EINVAL);
	assert_int_equal(table_parse(no_source, &row), 0);
	assert_string_equal(row.source, "");
	assert_int_equal(table_connection(&row), 8 << 20 | 1);
}

/* Every line that is cut short is refused or parsed, and never read beyond. */
static void mountinfo_cut(void **state)
{
	static const char line[] = "62 42 0:38 / /tmp/a\\040b ro shared:1 - fuse.x disk rw";

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		char *copy = strndup(line, n);
		struct table_row row;

		assert_int_equal(table_parse(copy, &row), n >= strlen(line) - 1 ? 0 : -EINVAL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats), cmocka_unit_test(cuts_what_does_not_fit),
		cmocka_unit_test(escapes), cmocka_unit_test(errors_have_names),
		cmocka_unit_test(parses), cmocka_unit_test(parses_long), cmocka_unit_test(refuses),
		cmocka_unit_test(option_lists), cmocka_unit_test(option_lists_refuse),
		cmocka_unit_test(mountinfo), cmocka_unit_test(mountinfo_cut),
		cmocka_unit_test(fuse_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
