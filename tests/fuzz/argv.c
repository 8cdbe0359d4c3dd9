/* SPDX-License-Identifier: MIT */
/* Command lines, parsed with the option tables of all applets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applet.h"
#include "fake.h"
#include "fuzz.h"

enum { ROOM = 64 * 1024, WORDS = 64 };

const bool applet_boxed = true;

static const char *take(void *to, char *value, const char **bad)
{
	(void)to;
	if (!value)
		return NULL;
	fuzz_touch_text(value);
	*bad = value;
	return *value == '!' ? "refused" : NULL;
}

/* The structure that an applet's options are written to, with a callback where one is called. */
static void prepare(const struct opt *options, char *args)
{
	const struct opt *o;

	memset(args, 0, ROOM);
	for (unsigned int i = 0; (o = opt_at(options, i)); i++)
		if (o->kind == OPT_CALL)
			*(struct opt_set *)(void *)(args + o->offset) = (struct opt_set) { take, NULL };
}

static void look(const struct opt *options, const char *args)
{
	const struct opt *o;

	for (unsigned int i = 0; (o = opt_at(options, i)); i++) {
		if (o->kind == OPT_STRING || o->kind == OPT_MAYBE)
			fuzz_touch_text(*(const char *const *)(const void *)(args + o->offset));
		if (o->kind == OPT_NUMBER)
			MUST(*(const int *)(const void *)(args + o->offset) >= 0);
	}
}

static void parse(const struct applet *applet, char **argv, int count)
{
	static char args[ROOM] __attribute__((aligned(16)));
	struct opt_rest rest;
	int left = 0;

	prepare(applet->options, args);
	if (opt_parse(applet->options, args, argv, &rest) != 0) {
		fuzz_touch_text(rest.bad);
		MUST(rest.why);
		return;
	}
	for (; rest.operands[left]; left++)
		fuzz_touch_text(rest.operands[left]);
	MUST(left < count || !count);
	MUST(rest.count <= left);
	MUST(!rest.after || rest.after == rest.operands + rest.count);
	look(applet->options, args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t applets = (size_t)(__stop_applets - __start_applets);
	const struct applet *applet = __start_applets[input_byte(&in) % applets];
	char *words[WORDS + 1], *argv[WORDS + 1];
	int count = 0;

	fake_start();
	while (in.left && count < WORDS)
		words[count++] = input_text(&in, '\n');
	words[count] = NULL;
	memcpy(argv, words, sizeof(*argv) * (size_t)(count + 1));
	parse(applet, argv, count);
	if (count == 0)
		applet_help(applet);
	else
		fuzz_touch_text(applet_name(words[0]));
	while (count)
		free(words[--count]);
	return 0;
}
