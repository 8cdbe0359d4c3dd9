/* SPDX-License-Identifier: MIT */
/* umount_fuse: umount.fuse, the helper of umount(8). */
#include "applet.h"
#include "fumount.h"

/* The options that umount(8) passes to its helpers; those without a meaning here are ignored. */
static const struct opt helper_options[] = {
	OPT('f', "", OPT_FLAG, struct fumount, force, "", "abort the connection"),
	OPT('l', "", OPT_FLAG, struct fumount, lazy, "", "detach now"),
	OPT('n', "", OPT_FLAG, struct fumount, ignored, "", ""),
	OPT('r', "", OPT_FLAG, struct fumount, read_only, "", "if it is busy, make it read-only"),
	OPT('v', "", OPT_FLAG, struct fumount, verbose, "", "report what was done"),
	OPT('t', "", OPT_STRING, struct fumount, options, "TYPE", "ignored: any FUSE type will do"),
	OPT('N', "", OPT_STRING, struct fumount, namespace, "NS", "the mount namespace, a path or a process"),
	OPT_END
};

static int umount_fuse_main(char **argv)
{
	struct fumount f = { .wait = -1, .older = -1 };
	struct opt_rest rest;

	if (!applet_parse(helper_options, &f, argv, &rest))
		return FUMOUNT_USAGE;
	if (!rest.operands[0] || rest.operands[1])
		return applet_usage("wanted: one mountpoint");
	return fumount_run(&f, rest.operands);
}

APPLET(umount_fuse, "umount.fuse", "sbin", "MOUNTPOINT", "unmount, as umount(8) calls it",
       helper_options, "Example: umount -t fuse.sshfs mnt\nExit status: as fumount\n")
