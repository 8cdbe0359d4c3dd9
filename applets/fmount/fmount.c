/* SPDX-License-Identifier: MIT */
/* fmount: mount, and run the server with the /dev/fuse descriptor. */
#include <string.h>

#include "applet.h"
#include "fmount.h"
#include "out.h"

enum { TIMEOUT_S = 30, KEEP_TRIES = 10 };

static const char *append_options(void *to, char *value, const char **bad)
{
	struct fmount *f = to;
	struct out list = { .buf = f->list, .size = sizeof(f->list), .len = strlen(f->list), .fd = -1 };

	(void)bad;
	if (list.len + strlen(value) + 2 > list.size)
		return "longer than the kernel's page of options";
	out_fmt(&list, "%s%s", list.len ? "," : "", value);
	out_text(&list);
	return NULL;
}

/* A callback, so that the last of -r and -o rw counts. */
static const char *append_read_only(void *to, char *value, const char **bad)
{
	(void)value;
	return append_options(to, (char *)"ro", bad);
}

static const struct opt options[] = {
	OPT('o', "options", OPT_CALL, struct fmount, collect, "LIST", "mount options, such as ro,allow_other"),
	OPT('t', "type", OPT_STRING, struct fmount, type, "TYPE", "the type in the mount table: fuse.TYPE"),
	OPT('s', "source", OPT_STRING, struct fmount, source, "SOURCE", "the source in the mount table"),
	OPT('r', "read-only", OPT_CALL, struct fmount, read_only, "", "same as -o ro"),
	OPT('v', "verbose", OPT_FLAG, struct fmount, verbose, "", "report what was mounted"),
	OPT('n', "", OPT_FLAG, struct fmount, ignored, "", ""),
	OPT_PART(fmount_start_options),
	OPT_PART(fmount_keep_options),
	OPT_PART(fmount_reattach_options),
	OPT_PART(fmount_userns_options),
	OPT_PART(fmount_check_options),
	OPT_PART(fmount_mount_options),
	OPT_END
};

static int fmount_main(char **argv)
{
	static struct fmount f;
	struct opt_rest rest;

	f.collect = (struct opt_set) { append_options, &f };
	f.read_only = (struct opt_set) { append_read_only, &f };
	f.timeout = TIMEOUT_S;
	f.keep_tries = KEEP_TRIES;
	if (!applet_parse(options, &f, argv, &rest))
		return 1;
	if (fmount_start_options)
		return fmount_modes(&f, &rest);
	if (rest.count != 1 || !rest.after || !rest.after[0])
		return applet_usage("wanted: MOUNTPOINT -- PROGRAM ARGUMENTS");
	return fmount_run(&f, rest.operands[0], rest.after);
}

const char fmount_operands[56] __attribute__((weak)) = "MOUNTPOINT -- PROGRAM [ARGUMENTS]";
APPLET_WITH(fmount, "fmount", "usr/bin", fmount_operands,
	    "mount, and run the program that serves ({}: the descriptor)", options, fmount_more)
