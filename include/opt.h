/* SPDX-License-Identifier: MIT */
/* opt: one option table for each applet, for parsing, --help, the manual and completion.
 *
 *	struct args { bool lazy; const char *type; };
 *	static const struct opt options[] = {
 *		OPT('l', "lazy", OPT_FLAG, struct args, lazy, "", "detach now, clean up later"),
 *		OPT('t', "types", OPT_STRING, struct args, type, "LIST", "only these types"),
 *		OPT_END
 *	};
 *
 * Letters can be combined (-lf). A value follows directly or as the next word
 * (-tfuse, -t fuse, --types=fuse, --types fuse). Options may follow operands,
 * and "--" ends the options. Makes no system calls.
 */
#ifndef FUSEBOX_OPT_H
#define FUSEBOX_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum opt_kind {
	OPT_FLAG = 1,	/* bool: becomes true */
	OPT_STRING,	/* const char *: points into argv */
	OPT_NUMBER,	/* int: decimal, 0 or more */
	OPT_MAYBE,	/* like OPT_STRING with an optional value (else ""); only -kVALUE, --name=VALUE */
	OPT_CALL,	/* opt_set: called with each value, in order; with NULL if the option takes none */
	OPT_TABLE,	/* not an option, but a table of options; see OPT_PART() */
};

/* The set-uid helper has no pointer in its constants: see configs/setuid.ld. */
#ifdef FUSEBOX_SETUID
typedef const char opt_text[16];
#else
typedef const char *opt_text;
#endif

struct opt {
	char letter;		/* 0: none */
	uint8_t kind;		/* enum opt_kind; 0 ends a table */
	uint16_t offset;	/* of the member in the applet's struct */
	opt_text name;			/* without "--", "" for none; opt_value() and opt_help() follow */
};

/* The option of this index in a table, counting those of the tables in it; NULL: there are fewer. */
const struct opt *opt_at(const struct opt *table, unsigned int index);

/* name, value and help are string literals, and one string, since a pointer to each takes 8 bytes. */
#define OPT(letter, name, kind, type, member, value, help) \
	{ letter, kind, offsetof(type, member), name "\0" value "\0" help }
#define OPT_END { 0, 0, 0, "" }
/* The options of another table, an array of known size without such a row and without OPT_END. It may be a weak symbol:
   a part that a small build leaves out takes its options along. */
#define OPT_PART(table) { 0, OPT_TABLE, sizeof(table) / sizeof(*(table)), (const char *)(table) }

/* Returns the name of the option's value in --help; "" if it takes none. */
const char *opt_value(const struct opt *option);
/* Returns the option's line of --help; "" if --help does not show it. */
const char *opt_help(const struct opt *option);

/* The type of an OPT_CALL's member: call(to, value, bad) is called for each value. It returns NULL,
   or why the value is refused, and may then point *bad to the wrong part. The value is a word
   of argv: `call` may change it, and keep pointers into it. */
struct opt_set { const char *(*call)(void *to, char *value, const char **bad); void *to; };

struct opt_rest {
	char **operands;	/* the words that are not options, NULL-terminated */
	int count;		/* how many operands precede "--" */
	char **after;		/* the operands after "--"; NULL if there is no "--" */
	const char *bad;	/* on failure, the word that is wrong, */
	const char *why;	/* and why: "unknown option", "needs a value" */
};

/* Parses argv[1…] into args (which holds the defaults) and moves the operands
   to the front of argv. Returns 0, or -EINVAL with bad and why set. */
int opt_parse(const struct opt *table, void *args, char **argv, struct opt_rest *rest);

/* Parses one option by its long name, "name" or "name=value"; it may change the word.
   Returns NULL, or why the option is refused: opt_unknown, if it is not in the table. */
const char *opt_named(const struct opt *table, void *args, char *name, const char **bad);
extern const char opt_unknown[32];

/* Sets *nearest to `word` if `typed`, up to its "=", is the beginning or the end of `word`, or differs from it in
   at most two letters; and in fewer than from *nearest, unless that is NULL. Returns whether it did. */
bool opt_nearer(const char *typed, const char *word, const char **nearest);
/* The same for each long name of a table; `typed` is without "--". */
void opt_near(const struct opt *table, const char *typed, const char **nearest);

/* Returns the index of value in words, such as "auto|none|always", or -1. */
int opt_word(const char *words, const char *value);

/* Parses the whole text as a decimal number, at most max. Returns 0 or -EINVAL. */
int opt_number(const char *text, uint64_t max, uint64_t *number);

#endif
