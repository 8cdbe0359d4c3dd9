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
	if (o->name)
		out_fmt(&left, "%s--%s", o->letter ? ", " : "    ", o->name);
	if (o->value)
		out_fmt(&left, o->kind == OPT_MAYBE ? "[=%s]" : " %s", o->value);
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
	return msg_flush(&out);
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

/* If descriptors 0 to 2 were free, /dev/fuse could become standard output. */
void applet_occupy_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (sys_fd_valid(fd) == 0)
			continue;
		if (sys_open("/dev/null", O_RDWR, 0) != fd)
			sys_open("/", O_PATH, 0);
	}
}
