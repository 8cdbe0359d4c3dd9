/* SPDX-License-Identifier: MIT */
/* options [APPLET]: prints the options of the applet's table, "-x" and "--name", one per line,
   including those that --help leaves out. Linked with the box's objects instead of its main. */
#include <string.h>

#include "applet.h"
#include "out.h"

const bool applet_boxed = true;

static void list(const struct applet *applet, struct out *out)
{
	const struct opt *o;

	for (unsigned int i = 0; (o = opt_at(applet->options, i)); i++) {
		if (o->letter)
			out_fmt(out, "-%c\n", o->letter);
		if (*o->name)
			out_fmt(out, "--%s\n", o->name);
	}
}

int main(int argc, char **argv)
{
	char text[512];
	struct out out = OUT_FD(text, 1);

	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		if (argc == 2 && strcmp((*a)->name, argv[1]) == 0)
			list(*a, &out);
	return out_flush(&out) < 0;
}
