/* SPDX-License-Identifier: MIT */
/* "-o" lists, as servers and the helper read them, and as mount.TYPE does. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "cli/match.h"
#include "mount_args.h"
#include "opt.h"
#include "optlist.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void touch(const struct optlist *o)
{
	fuzz_touch_text(o->fsname);
	fuzz_touch_text(o->subtype);
}

/* Options that are written as text parse to the same options. */
static void there_and_back(const struct optlist *o, size_t len)
{
	size_t size = 2 * len + 512;
	char *text = malloc(size);
	struct out out = { .buf = text, .size = size, .fd = -1 };
	struct optlist again = { .flags = 0 };
	const char *bad;

	optlist_text(o, &out);
	out_text(&out);
	MUST(out.len + 1 < size);
	MUST(optlist_parse(&again, text, &bad) == NULL);
	MUST(again.flags == o->flags && again.allow_other == o->allow_other);
	MUST(again.default_permissions == o->default_permissions);
	MUST(again.max_read == o->max_read && again.blksize == o->blksize);
	MUST(same_text(again.fsname, o->fsname) && same_text(again.subtype, o->subtype));
	free(text);
}

static void parse(const char *list)
{
	struct optlist o = { .flags = 0 };
	char *text = strdup(list);
	const char *bad, *why = optlist_parse(&o, text, &bad);

	MUST(bad >= text && bad <= text + strlen(list));
	fuzz_touch_text(bad);
	fuzz_touch_text(why);
	touch(&o);
	if (!why)
		there_and_back(&o, strlen(list));
	free(text);
}

static void parse_known(const char *list)
{
	struct optlist o = { .flags = 0 };
	char *text = strdup(list);

	optlist_known(&o, text);
	touch(&o);
	there_and_back(&o, strlen(list));
	free(text);
}

static void parse_for_mount(const char *list)
{
	static struct mount_args args;
	char *text = strdup(list);
	const char *bad, *why;

	args = (struct mount_args) { .held = -1 };
	why = mount_args_take(&args, text, &bad);
	MUST(strlen(args.options) < sizeof(args.options));
	MUST(!why || strlen(list) > 4000);
	fuzz_touch_text(args.setuid);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char *wanted = input_text(&in, '\n'), *list = input_rest(&in);
	uint64_t n;

	parse(list);
	parse_known(list);
	parse_for_mount(list);
	match_type(wanted, list);
	match_options(wanted, list, list);
	if (opt_number(wanted, UINT32_MAX, &n) == 0)
		MUST(n <= UINT32_MAX && n == strtoull(wanted, NULL, 10));
	free(wanted);
	free(list);
	return 0;
}
