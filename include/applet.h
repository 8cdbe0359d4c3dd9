/* applet: how an applet makes itself known. */
#ifndef FUSEBOX_APPLET_H
#define FUSEBOX_APPLET_H

#include <stdbool.h>

#include "opt.h"

struct applet {
	const char *name;
	const char *dir;	/* where --install puts it: "usr/bin" */
	const char *operands;	/* for --help: "[SOURCE] MOUNTPOINT" */
	const char *summary;	/* one line, lower case, no full stop */
	const struct opt *options;
	/* argv[0] is the applet's name; returns the exit status */
	int (*main)(char **argv);
};

#if __has_attribute(retain)
#define APPLET_RETAIN retain,
#else
#define APPLET_RETAIN
#endif
/* A binary of one applet has the first of its names when it is called by another: gcc 16
   with -flto would turn them round. */
#if __has_attribute(no_reorder)
#define APPLET_KEEP APPLET_RETAIN no_reorder, used
#else
#define APPLET_KEEP APPLET_RETAIN used
#endif

/* At the end of an applet's file: registers ident_main under a name. A second
   line with another ident makes an alias. */
#define APPLET(ident, name, dir, operands, summary, options)			\
	static const struct applet applet_##ident =				\
		{ name, dir, operands, summary, options, ident##_main };	\
	static const struct applet *const applet_at_##ident			\
		__attribute__((APPLET_KEEP, section("applets"))) = &applet_##ident;

/* All of them, in the order of linking. */
extern const struct applet *const __start_applets[], *const __stop_applets[];

/* Whether this is the box, whose caller chooses the applet and which never has
   privileges, and not a binary of one applet. */
extern const bool applet_boxed;

/* The name in argv[0]: the last part of a path, without a "-" or "@" before it. */
const char *applet_name(const char *path);

/* Opens what is closed of descriptors 0 to 2, or another file would take its place. */
void applet_occupy_stdio(void);

/* "Usage: …", the summary and the options, on stdout. Returns 0, or 1 when
   stdout cannot be written. */
int applet_help(const struct applet *applet);

/* Parses argv by the applet's table; on a mistake says so and returns false. */
bool applet_parse(const struct opt *options, void *args, char **argv, struct opt_rest *rest);

/* One line about wrong usage, naming --help. Returns 1. */
int applet_usage(const char *problem);

/* fusebox --install. Returns the exit status. */
int install_main(char **argv);

#endif
