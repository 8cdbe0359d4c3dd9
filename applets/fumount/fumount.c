/* SPDX-License-Identifier: MIT */
/* fumount: unmount FUSE file systems, and report the processes that hold them. */
#include "applet.h"
#include "fumount.h"

static const struct opt options[] = {
	OPT('l', "lazy", OPT_FLAG, struct fumount, lazy, "", "detach now; processes that hold it go on"),
	OPT_PART(fumount_abort_options),
	OPT_PART(fumount_recover_options),
	OPT_PART(fumount_wake_options),
	OPT_PART(fumount_all_options),
	OPT_PART(fumount_wait_options),
	OPT('i', "", OPT_FLAG, struct fumount, any, "", "also unmount what is not FUSE"),
	OPT('q', "quiet", OPT_FLAG, struct fumount, quiet, "", "print nothing; the exit status tells"),
	OPT('v', "verbose", OPT_FLAG, struct fumount, verbose, "", "report what was done"),
	OPT_PART(fumount_modes_options),
	OPT('n', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT('z', "", OPT_FLAG, struct fumount, lazy, "", "same as -l, as in fusermount3"),
	OPT('u', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT_END
};

static int fumount_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct report to = { .quiet = false };
	struct opt_rest rest;

	if (!applet_parse(options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	if (fumount_modes_options)
		return fumount_modes(&f, rest.operands);
	if (!rest.operands[0])
		return applet_usage("no mountpoint is given");
	to.quiet = f.quiet;
	return fumount_each(&f, &to, rest.operands, fumount_target);
}

const char fumount_summary[56] __attribute__((weak)) = "unmount FUSE file systems";
APPLET_WITH(fumount, "fumount", "usr/bin", "TARGET...", fumount_summary, options, fumount_more)
