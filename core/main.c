/* main: which applet? */
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "msg.h"
#include "out.h"
#include "priv.h"
#include "sys.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { UNKNOWN_APPLET = 127 };

static const struct applet *find(const char *name)
{
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		if (strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

/* The last part of a path; "-" and "@" before it mark a login shell and a
   storage daemon, and are no part of the name. */
static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	path = slash ? slash + 1 : path;
	return path + (*path == '-' || *path == '@');
}

static int finish(struct out *out)
{
	return out_flush(out) < 0;
}

static int list(const char *fmt_dir)
{
	char text[512];
	struct out out = OUT_FD(text, 1);

	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		out_fmt(&out, "%s%s%s\n", fmt_dir ? (*a)->dir : "", fmt_dir ? "/" : "", (*a)->name);
	return finish(&out);
}

static int usage(void)
{
	char text[1024];
	struct out out = OUT_FD(text, 1);

	out_str(&out, "fusebox " VERSION ": mount, serve, inspect and unmount FUSE file systems\n\n"
		"Usage: fusebox APPLET [ARGUMENTS]\n"
		"   or: APPLET [ARGUMENTS], by a link of that name (see --install)\n"
		"   or: fusebox --list | --list-full | --help [APPLET] | --version\n"
		"   or: fusebox --install [-s] [--force] [--root DIR] [DIR]\n\nApplets:\n");
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		out_fmt(&out, "  %-12s %s\n", (*a)->name, (*a)->summary);
	return finish(&out);
}

static void option_help(struct out *out, const struct opt *o)
{
	char text[80];
	struct out left = OUT_TEXT(text);

	if (o->letter)
		out_fmt(&left, "-%c", o->letter);
	if (o->name)
		out_fmt(&left, "%s--%s", o->letter ? ", " : "    ", o->name);
	if (o->value)
		out_fmt(&left, " %s", o->value);
	out_fmt(out, "  %-24s %s\n", out_text(&left), o->help);
}

int applet_help(const struct applet *applet)
{
	char text[1024];
	struct out out = OUT_FD(text, 1);

	out_fmt(&out, "Usage: %s [OPTIONS] %s\n\n%s: %s\n\nOptions:\n",
		applet->name, applet->operands, applet->name, applet->summary);
	for (const struct opt *o = applet->options; o->letter || o->name; o++)
		if (o->help)
			option_help(&out, o);
	out_str(&out, "      --help               show this\n");
	return finish(&out);
}

bool applet_parse(const struct opt *options, void *args, char **argv, struct opt_rest *rest)
{
	if (opt_parse(options, args, argv, rest) == 0)
		return true;
	msg("%s: %s; see %s --help", rest->bad, rest->why, msg_applet);
	return false;
}

int applet_usage(const char *problem)
{
	msg("%s; see %s --help", problem, msg_applet);
	return 1;
}

static int unknown(const char *name)
{
	msg("%s: no such applet; there are:", name);
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		msg_plain("  %s", (*a)->name);
	return UNKNOWN_APPLET;
}

static int run(const struct applet *applet, char **argv)
{
	msg_applet = applet->name;
	/* "--" may end the options before it: then it is for somebody else. */
	for (char **word = argv + 1; *word && strcmp(*word, "--") != 0; word++)
		if (strcmp(*word, "--help") == 0)
			return applet_help(applet);
	return applet->main(argv);
}

static int by_name(const char *name, char **argv)
{
	const struct applet *applet = find(name);

	return applet ? run(applet, argv) : unknown(name);
}

static int own_command(char **argv)
{
	const char *word = argv[0];
	char text[64];
	struct out out = OUT_FD(text, 1);

	if (strcmp(word, "--list") == 0)
		return list(NULL);
	if (strcmp(word, "--list-full") == 0)
		return list("/");
	if (strcmp(word, "--install") == 0)
		return install_main(argv);
	if (strcmp(word, "--version") == 0) {
		out_str(&out, "fusebox " VERSION "\n");
		return finish(&out);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
		const struct applet *applet = argv[1] ? find(argv[1]) : NULL;

		return applet ? applet_help(applet) : argv[1] ? unknown(argv[1]) : usage();
	}
	return by_name(word, argv);
}

/* Descriptors 0 to 2 must be taken, or /dev/fuse would become one of them. */
static void occupy_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (sys_fd_valid(fd) == 0)
			continue;
		if (sys_open("/dev/null", O_RDWR, 0) != fd)
			sys_open("/", O_PATH, 0);
	}
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? base(argv[0]) : "fusebox";

	occupy_stdio();
	if (priv_drop() < 0) {
		msg("cannot give up set-uid privileges");
		return 1;
	}
	/* fusebox, fusebox-1.0, fusebox.static: the box itself, under any name. */
	if (strncmp(name, "fusebox", 7) != 0)
		return by_name(name, argv);
	return argc > 1 ? own_command(argv + 1) : usage();
}
