/* SPDX-License-Identifier: MIT */
/* applet: names, help and options of applets. See applet.h. */
#include "applet.h"

#include <fcntl.h>
#include <string.h>

#include "msg.h"
#include "out.h"
#include "sys.h"

/* "-" before the name marks a login shell, "@" a storage daemon that systemd must not
   kill at shutdown. Neither is a part of the name. */
const char *applet_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	path = slash ? slash + 1 : path;
	return path + (*path == '-' || *path == '@');
}

static void option_help(struct out *out, const struct opt *o)
{
	char text[80];
	struct out left = OUT_TEXT(text);

	if (o->letter)
		out_fmt(&left, "-%c", o->letter);
	if (*o->name)
		out_fmt(&left, "%s--%s", o->letter ? ", " : "    ", o->name);
	if (*opt_value(o))
		out_fmt(&left, o->kind == OPT_MAYBE ? "[=%s]" : " %s", opt_value(o));
	out_fmt(out, "  %-24s %s\n", out_text(&left), opt_help(o));
}

int applet_help(const struct applet *applet)
{
	char text[1024];
	struct out out = OUT_FD(text, 1);
	const struct opt *o;

	out_fmt(&out, "Usage: %s [OPTIONS] %s\n\n%s: %s\n\nOptions:\n",
		applet->name, applet->operands, applet->name, applet->summary);
	for (unsigned int i = 0; (o = opt_at(applet->options, i)); i++)
		if (*opt_help(o))
			option_help(&out, o);
	out_str(&out, "  -h, --help               show this\n  -V, --version            show the version\n");
	if (applet->more && *applet->more)
		out_fmt(&out, "\n%s", applet->more);
	return msg_flush(&out);
}

/* NULL in a small build. */
extern __typeof__(opt_near) opt_near __attribute__((weak));

bool applet_parse(const struct opt *options, void *args, char **argv, struct opt_rest *rest)
{
	const char *near = NULL;

	if (opt_parse(options, args, argv, rest) == 0)
		return true;
	if (opt_near && rest->why == opt_unknown && strncmp(rest->bad, "--", 2) == 0)
		opt_near(options, rest->bad + 2, &near);
	if (near)
		msg("%s: %s; did you mean --%s?", rest->bad, rest->why, near);
	else
		applet_refuse(rest->bad, rest->why);
	return false;
}

int applet_refuse(const char *word, const char *why)
{
	msg(why[strlen(why) - 1] == '?' ? "%s: %s" : "%s: %s; see %s --help", word, why, msg_applet);
	return 1;
}

int applet_usage(const char *problem)
{
	msg("%s; see %s --help", problem, msg_applet);
	return 1;
}

/* If descriptors 0 to 2 were free, /dev/fuse could become standard output. */
void applet_occupy_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (sys_fd_valid(fd) == 0)
			continue;
		/* Writing to a standard output that was closed must fail. */
		if (sys_open("/dev/null", fd == 1 ? O_RDONLY : O_RDWR, 0) != fd)
			sys_open("/", O_PATH, 0);
	}
}
