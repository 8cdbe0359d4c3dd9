/* SPDX-License-Identifier: MIT */
/* out, msg, opt, optlist, json: the modules that only read and write text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "msg.h"
#include "opt.h"
#include "optlist.h"
#include "out.h"
#include "fuse/proto.h"

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

/* Characters beyond ASCII that control a terminal, bytes that are no UTF-8, and text that stays
   as it is. */
static void escapes_beyond_ascii(void **state)
{
	static const struct { const char *text, *shown; } rows[] = {
		{ "\xc2\x9b" "2J", "\\302\\2332J" },		/* CSI, as U+009B and as a byte */
		{ "\x9b" "2J", "\\2332J" },
		{ "a\xe2\x80\xae" "b", "a\\342\\200\\256b" },	/* U+202E, U+2066, U+061C */
		{ "\xe2\x81\xa6", "\\342\\201\\246" },
		{ "\xd8\x9c", "\\330\\234" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\342\\200\\250\\342\\200\\251" },
		{ "\xe2\x80\x8b\xef\xbb\xbf", "\\342\\200\\213\\357\\273\\277" },
		{ "\xc0\x9b\xed\xa0\x80", "\\300\\233\\355\\240\\200" },	/* too long; a surrogate */
		{ "\xe2\x80", "\\342\\200" },			/* cut */
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xd7\x90", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 \xd7\x90" },
	};
	char text[64], small[5];

	(void)state;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct out out = OUT_TEXT(text);

		out.escape = true;
		out_fmt(&out, "%s", rows[i].text);
		assert_string_equal(out_text(&out), rows[i].shown);
	}
	/* Neither the buffer's end nor a precision cuts a character in two. */
	struct out out = OUT_TEXT(small);

	out.escape = true;
	out_fmt(&out, "%s", "ab\xe2\x82\xac");
	assert_string_equal(out_text(&out), "ab");
	out = OUT_TEXT(text);
	out.escape = true;
	out_fmt(&out, "%.3s", "ab\xc3\xa4");
	assert_string_equal(out_text(&out), "ab\\303");
}

static void json_escapes(void **state)
{
	char text[128];
	struct out out = OUT_TEXT(text);
	struct json json = { .out = &out };

	(void)state;
	json_text(&json, NULL, "\xc2\x9b\x9b\xe2\x80\xae\x7f\xf3\xa0\x80\x81\xc3\xa4");
	assert_string_equal(out_text(&out), "\"\\u009b\\ufffd\\u202e\\u007f\\udb40\\udc01\xc3\xa4\"");
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
	OPT('l', "lazy", OPT_FLAG, struct args, lazy, "", "lazy"),
	OPT('t', "type", OPT_STRING, struct args, type, "TYPE", "type"),
	OPT('n', "number", OPT_NUMBER, struct args, number, "N", "number"),
	OPT('o', "", OPT_CALL, struct args, call, "LIST", "call"),
	OPT_END
};

#define WORDS(...) char *argv[] = { (char *)"applet", __VA_ARGS__, NULL }
#define W(text) (char *)(text)

static void numbers(void **state)
{
	uint64_t n = 0;

	(void)state;
	assert_int_equal(opt_number("18446744073709551615", UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(opt_number("18446744073709551616", UINT64_MAX, &n), -EINVAL);
	assert_int_equal(opt_number("18446744073709551623", 7, &n), -EINVAL);
	assert_int_equal(opt_number("8", 7, &n), -EINVAL);
	assert_int_equal(opt_number("", 7, &n), -EINVAL);
	assert_int_equal(opt_number("1x", 7, &n), -EINVAL);
	assert_true(n == UINT64_MAX);
}

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
		{ W("-n1x"), W("1x"), W("not a whole number") },
		{ W("-n99999999999"), W("99999999999"), W("too large") },
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

static void json_is_json(void **state)
{
	static const struct { const char *text, *json; } strings[] = {
		{ "plain", "plain" }, { "\"\\/", "\\\"\\\\/" }, { "\n\t\033\x7f", "\\u000a\\u0009\\u001b\\u007f" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" },
		/* A truncated character, a lone continuation byte, an overlong form, a
		   surrogate, a code beyond U+10FFFF. */
		{ "a\xc3", "a\\ufffd" }, { "\x80", "\\ufffd" }, { "\xc0\xaf", "\\ufffd\\ufffd" },
		{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" }, { "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
		{ "\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd" }, { "\xff", "\\ufffd" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		struct out out = OUT_TEXT(text);
		struct json json = { &out, false };
		char want[128];

		json_text(&json, NULL, strings[i].text);
		snprintf(want, sizeof(want), "\"%s\"", strings[i].json);
		assert_string_equal(out_text(&out), want);
	}
	{
		struct out out = OUT_TEXT(text);
		struct json json = { &out, false };

		json_open(&json, NULL, '{');
		json_number(&json, "n", 5);
		json_number(&json, "none", -1);
		json_open(&json, "list", '[');
		json_bool(&json, NULL, true);
		json_text(&json, NULL, NULL);
		json_close(&json, ']');
		json_open(&json, "empty", '{');
		json_close(&json, '}');
		json_text(&json, "k\"", "v");
		json_close(&json, '}');
		assert_string_equal(out_text(&out), "{\"n\":5,\"none\":null,\"list\":[true,null],\"empty\":{},\"k\\\"\":\"v\"}");
	}
}

static void optional_values(void **state)
{
	struct args { const char *kill, *file; bool lazy; };
	static const struct opt table[] = {
		OPT('k', "kill", OPT_MAYBE, struct args, kill, "SIGNAL", ""),
		OPT('l', "", OPT_FLAG, struct args, lazy, "", ""), OPT_END
	};
	static const struct { const char *word, *kill; bool lazy; } cases[] = {
		{ "-k", "", false }, { "-kTERM", "TERM", false }, { "--kill", "", false },
		{ "--kill=9", "9", false }, { "-lk", "", true }, { "-lkINT", "INT", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char name[] = "x", word[16], operand[] = "operand";
		char *argv[] = { name, word, operand, NULL };
		struct args args = { NULL, NULL, false };
		struct opt_rest rest;

		snprintf(word, sizeof(word), "%s", cases[i].word);
		assert_int_equal(opt_parse(table, &args, argv, &rest), 0);
		assert_string_equal(args.kill, cases[i].kill);
		assert_int_equal(args.lazy, cases[i].lazy);
		assert_string_equal(rest.operands[0], "operand");
	}
}

static void flags_have_names(void **state)
{
	(void)state;
	assert_string_equal(proto_flag(0), "ASYNC_READ");
	assert_string_equal(proto_flag(__builtin_ctzll(FUSE_INIT_EXT)), "INIT_EXT");
	assert_string_equal(proto_flag(__builtin_ctzll(FUSE_PASSTHROUGH)), "PASSTHROUGH");
	assert_string_equal(proto_flag(__builtin_ctzll(FUSE_REQUEST_TIMEOUT)), "REQUEST_TIMEOUT");
	assert_string_equal(proto_flag(43), "HAS_IO_URING_BUFPOOL");	/* 7.46 */
	for (unsigned int bit = 44; bit < 80; bit++)
		assert_null(proto_flag(bit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats), cmocka_unit_test(cuts_what_does_not_fit),
		cmocka_unit_test(escapes), cmocka_unit_test(escapes_beyond_ascii), cmocka_unit_test(json_escapes),
		cmocka_unit_test(errors_have_names),
		cmocka_unit_test(numbers), cmocka_unit_test(parses), cmocka_unit_test(parses_long), cmocka_unit_test(refuses),
		cmocka_unit_test(option_lists), cmocka_unit_test(option_lists_refuse),
		cmocka_unit_test(json_is_json), cmocka_unit_test(optional_values),
		cmocka_unit_test(flags_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
