/* SPDX-License-Identifier: MIT */
/* single: main() of the set-uid helper, which may be set-uid root: the applet itself drops and regains its
   privileges. */
#include <string.h>

#include "applet.h"
#include "msg.h"
#include "sys.h"

const bool applet_boxed = false;

int fusermount_main(char **argv);

/* The box alone has these: see opt.h and msg.h. A weak symbol that is nowhere would take a relocation. */
void opt_near(const struct opt *table, const char *typed, const char **nearest)
{
	(void)table, (void)typed, (void)nearest;
}

const char *msg_rare_error(int negative_errno)
{
	(void)negative_errno;
	return NULL;
}

int main(int argc, char **argv)
{
	char *nothing[] = { (char *)"", NULL };

	sys_reset_signals();
	applet_occupy_stdio();
	msg_applet = argc > 0 && strcmp(applet_name(argv[0]), "fusermount") == 0 ? "fusermount" : "fusermount3";
	return fusermount_main(argc > 0 ? argv : nothing);
}
