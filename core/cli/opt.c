/* SPDX-License-Identifier: MIT */
/* opt: parse command lines. See opt.h. */
#include "opt.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "setuid.h"

int opt_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return -EINVAL;
		n = n * 10 + digit;
	}
	if (n > max)
		return -EINVAL;
	*number = n;
	return 0;
}

/* A small build says that it is the build which lacks the option. */
const char opt_unknown[32] __attribute__((weak)) = "unknown option";

int opt_word(const char *words, const char *value)
{
	size_t len = strlen(value), n;

	for (int i = 0; *words; i++, words += n + (words[n] == '|')) {
		n = strcspn(words, "|");
		if (n == len && memcmp(words, value, n) == 0)
			return i;
	}
	return -1;
}

const struct opt *opt_at(const struct opt *table, unsigned int index)
{
	for (; table->kind; table++) {
		const void *part = table->name;
		unsigned int count = table->kind != OPT_TABLE ? 1 : part ? table->offset : 0;

		if (index < count)
			return table->kind == OPT_TABLE ? (const struct opt *)part + index : table;
		index -= count;
	}
	return NULL;
}

const char *opt_value(const struct opt *option)
{
	return option->name + strlen(option->name) + 1;
}

const char *opt_help(const struct opt *option)
{
	const char *value = opt_value(option);

	return value + strlen(value) + 1;
}

/* The set-uid helper has flags, strings and numbers alone. */
static bool may_lack_value(const struct opt *option)
{
	return !FOR_HELPER && option->kind == OPT_MAYBE;
}

/* Whether the option is incomplete without a value. */
static bool needs_value(const struct opt *option)
{
	return !may_lack_value(option) && *opt_value(option);
}

static const char *set_number(int *to, const char *value)
{
	uint64_t n;

	if (opt_number(value, INT_MAX, &n) < 0)
		return !*value || value[strspn(value, "0123456789")] ? "not a whole number" : "too large";
	*to = (int)n;
	return NULL;
}

/* Stores one value. Returns NULL, or why the value is refused. */
static const char *set_value(const struct opt *opt, void *args, char *value, const char **bad)
{
	void *to = (char *)args + opt->offset;

	*bad = value;
	if (opt->kind == OPT_FLAG) {
		*(bool *)to = true;
		return NULL;
	}
	if (!value && needs_value(opt))
		return "needs a value";
	if (opt->kind == OPT_STRING || may_lack_value(opt)) {
		*(const char **)to = value ? value : "";
		return NULL;
	}
	if (FOR_HELPER || opt->kind == OPT_NUMBER)
		return set_number(to, value ? value : "");
	return ((struct opt_set *)to)->call(((struct opt_set *)to)->to, value, bad);
}

/* Finds an option by its letter, or if that is 0, by the first len bytes of a name. */
static const struct opt *find(const struct opt *table, char letter, const char *name, size_t len)
{
	const struct opt *o;
	unsigned int i = 0;

	do
		o = opt_at(table, i++);
	while (o && (letter ? o->letter != letter : !*o->name || strncmp(o->name, name, len) != 0 || o->name[len]));
	return o;
}

/* Parses "name", "name=value" or "name value". *next: the following word of the command line. */
static const char *parse_name(const struct opt *table, void *args, char *name,
			      char ***next, const char **bad)
{
	size_t len = strcspn(name, "=");
	char *value = name[len] ? name + len + 1 : NULL;
	const struct opt *opt = find(table, 0, name, len);

	if (!opt)
		return opt_unknown;
	if (value && !*opt_value(opt))
		return "takes no value";
	if (needs_value(opt) && !value && !(value = **next ? *(*next)++ : NULL))
		return "needs a value";
	return set_value(opt, args, value, bad);
}

/* Parses "-a", "-ab", "-ovalue" or "-o value". */
static const char *parse_letters(const struct opt *table, void *args, char *word,
				 char ***next, const char **bad)
{
	const char *why = NULL;

	for (char *at = word + 1; *at && !why; at++) {
		const struct opt *opt = find(table, *at, "", 0);

		*bad = word;
		if (!opt)
			return opt_unknown;
		if (!*opt_value(opt)) {
			why = set_value(opt, args, NULL, bad);
			continue;
		}
		if (at[1])
			return set_value(opt, args, at + 1, bad);
		if (may_lack_value(opt))
			return set_value(opt, args, NULL, bad);
		if (!**next)
			return "needs a value";
		return set_value(opt, args, *(*next)++, bad);
	}
	return why;
}

const char *opt_named(const struct opt *table, void *args, char *name, const char **bad)
{
	char *none = NULL, **next = &none;

	return parse_name(table, args, name, &next, bad);
}

int opt_parse(const struct opt *table, void *args, char **argv, struct opt_rest *rest)
{
	char **next = argv + (argv[0] != NULL);
	char **keep = argv;

	*rest = (struct opt_rest) { .operands = argv };
	while (*next) {
		char *word = *next++;

		if (word[0] != '-' || !word[1]) {
			*keep++ = word;
			rest->count++;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			rest->after = keep;
			break;
		}
		rest->bad = word;
		rest->why = word[1] == '-' ? parse_name(table, args, word + 2, &next, &rest->bad)
					   : parse_letters(table, args, word, &next, &rest->bad);
		if (rest->why)
			return -EINVAL;
	}
	/* The words after "--" follow the operands, so an applet that ignores rest->after
	   treats them as operands. */
	while (*next)
		*keep++ = *next++;
	*keep = NULL;
	return 0;
}
