/* SPDX-License-Identifier: MIT */
/* applet: register an applet, and functions for its command line. */
#ifndef FUSEBOX_APPLET_H
#define FUSEBOX_APPLET_H

#include <stdbool.h>

#include "opt.h"

struct applet {
	const char *name;
	const char *dir;	/* the directory for --install: "usr/bin" */
	const char *operands;	/* --help shows them: "[SOURCE] MOUNTPOINT" */
	const char *summary;	/* one line, lower case, no full stop */
	const struct opt *options;
	/* argv[0] is the applet's name. Returns the exit status. */
	int (*main)(char **argv);
	const char *more;	/* --help ends with it: examples and exit statuses; "" or NULL: nothing */
};

#if __has_attribute(retain)
#define APPLET_RETAIN retain,
#else
#define APPLET_RETAIN
#endif
/* A binary of one applet that is called by an unknown name runs the first of its applets.
   no_reorder, since gcc 16 with -flto would reverse their order. */
#if __has_attribute(no_reorder)
#define APPLET_KEEP APPLET_RETAIN no_reorder, used
#else
#define APPLET_KEEP APPLET_RETAIN used
#endif

/* Registers ident_main under a name, at the end of an applet's file. A second line
   with another ident registers an alias. A further argument, a string literal, becomes applet.more. */
#ifdef FUSEBOX_SETUID	/* core/single.c calls the helper's one applet */
#define APPLET(ident, name, dir, operands, summary, options, ...)
#else
#define APPLET(ident, name, dir, operands, summary, options, ...)		\
	APPLET_WITH(ident, name, dir, operands, summary, options, "" __VA_ARGS__)
/* The same with applet.more as a pointer, which is NULL where a small build leaves it out. */
#define APPLET_WITH(ident, name, dir, operands, summary, options, more)	\
	static const struct applet applet_##ident =				\
		{ name, dir, operands, summary, options, ident##_main, more };	\
	static const struct applet *const applet_at_##ident			\
		__attribute__((APPLET_KEEP, section("applets"))) = &applet_##ident;
#endif

/* All registered applets, in link order. */
extern const struct applet *const __start_applets[], *const __stop_applets[];

/* Whether this program is the box, whose caller chooses the applet and which drops all privileges
   at start, rather than a binary of one applet. */
extern const bool applet_boxed;

/* The applet's name in argv[0]: the last component of the path, without a leading "-" or "@". */
const char *applet_name(const char *path);

/* Opens /dev/null for each of descriptors 0 to 2 that is closed, so that no other file gets that
   number. */
void applet_occupy_stdio(void);

/* Prints "Usage: …", the summary and the options on stdout. Returns 0, or 1 if
   writing fails. */
int applet_help(const struct applet *applet);

/* Parses argv by the applet's table into args (see opt_parse()). Reports a mistake on stderr and
   returns false. */
bool applet_parse(const struct opt *options, void *args, char **argv, struct opt_rest *rest);

/* Reports wrong usage in one line that names --help. Returns 1. */
int applet_usage(const char *problem);
/* The same for a word of the command line. A reason that ends in "?" names the better word, so --help is left out. */
int applet_refuse(const char *word, const char *why);

/* fusebox --install. Returns the exit status. */
int install_main(char **argv);

#endif
