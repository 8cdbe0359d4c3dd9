/* opt: one table an applet, for parsing, --help, the manual and completion.
 *
 *	struct args { bool lazy; const char *type; };
 *	static const struct opt options[] = {
 *		OPT('l', "lazy", OPT_FLAG, struct args, lazy, NULL, "detach now, clean up later"),
 *		OPT('t', "types", OPT_STRING, struct args, type, "LIST", "only these types"),
 *		OPT_END
 *	};
 *
 * Letters bundle (-lf), a value follows directly or as the next word (-tfuse,
 * -t fuse, --types=fuse, --types fuse), options may stand behind operands, and
 * "--" ends them. No system call.
 */
#ifndef FUSEBOX_OPT_H
#define FUSEBOX_OPT_H

#include <stddef.h>
#include <stdint.h>

enum opt_kind {
	OPT_FLAG,	/* bool: becomes true */
	OPT_STRING,	/* const char *: points into argv */
	OPT_NUMBER,	/* int: decimal, 0 or more */
	OPT_MAYBE,	/* the same with a value that may be missing: "" then; only -kVALUE, --name=VALUE */
	OPT_CALL,	/* an opt_set that is called with each value, in order; NULL where it takes none */
};

struct opt {
	char letter;		/* 0: none */
	uint8_t kind;
	uint16_t offset;	/* of the member in the applet's struct */
	const char *name;	/* without "--"; NULL: none */
	const char *value;	/* what --help calls its value; NULL: it takes none */
	const char *help;	/* NULL: not shown */
};

#define OPT(letter, name, kind, type, member, value, help) \
	{ letter, kind, offsetof(type, member), name, value, help }
#define OPT_END { 0, 0, 0, NULL, NULL, NULL }

/* A member of this type takes the values of an OPT_CALL, for `to`. The call
   returns NULL, or why the value is refused; for that it may point *bad at a part of it. The value
   is a word of argv: the call may change it, and keep pointers into it. */
struct opt_set { const char *(*call)(void *to, char *value, const char **bad); void *to; };

struct opt_rest {
	char **operands;	/* the words that are no options, NULL-terminated */
	int count;		/* of the operands before "--" */
	char **after;		/* those of them behind "--"; NULL when it was not there */
	const char *bad;	/* on failure, the word that is wrong … */
	const char *why;	/* … and why: "unknown option", "needs a value" */
};

/* Parses argv[1…] into args (which holds the defaults) and moves the operands
   to the front of argv. Returns 0, or -EINVAL with bad and why set. */
int opt_parse(const struct opt *table, void *args, char **argv, struct opt_rest *rest);

/* Takes one option by its long name, "name" or "name=value", a word that may be changed.
   Returns NULL, or why it is refused: opt_unknown, if the table has it not. */
const char *opt_named(const struct opt *table, void *args, char *name, const char **bad);
extern const char opt_unknown[];

/* Which of "auto|none|always" a value is, from 0 on; -1: none of them. */
int opt_word(const char *words, const char *value);

/* A decimal number of the whole text, at most max. Returns 0 or -EINVAL. */
int opt_number(const char *text, uint64_t max, uint64_t *number);

#endif
