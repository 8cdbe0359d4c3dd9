/* SPDX-License-Identifier: MIT */
/* single: main() of a binary with one applet, which may be set-uid root: the applet itself drops
   and regains its privileges. */
#include <string.h>

#include "applet.h"
#include "msg.h"
#include "sys.h"

const bool applet_boxed = false;

int main(int argc, char **argv)
{
	static char *nothing[] = { (char *)"", NULL };
	const char *name = argc > 0 ? applet_name(argv[0]) : "";
	const struct applet *applet = *__start_applets;

	sys_reset_signals();
	applet_occupy_stdio();
	for (const struct applet *const *a = __start_applets; a < __stop_applets; a++)
		if (strcmp((*a)->name, name) == 0)
			applet = *a;
	msg_applet = applet->name;
	return applet->main(argc > 0 ? argv : nothing);
}
