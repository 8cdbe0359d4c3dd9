/* SPDX-License-Identifier: MIT */
/* run: mount, and run the program. */
#include <string.h>

#include "applet.h"
#include "command.h"
#include "fmount.h"
#include "launch/mount_or_report.h"
#include "mount/umount.h"
#include "mount_args.h"
#include "msg.h"

/* Collect the options of the mount; its default type and source are the program's name. 0, or 1 once
   the error is printed. */
static int mount_options(struct fmount *f, const char *program, struct optlist *mount)
{
	const char *bad, *why, *name = strrchr(program, '/');

	*mount = (struct optlist) { .flags = MOUNT_NOSUID | MOUNT_NODEV, .first = fmount_skip_option };
	why = optlist_parse(mount, f->list, &bad);
	if (why)
		return applet_refuse(bad, why == opt_unknown ? optlist_unknown(NULL, bad) : why);
	if (f->type)
		mount->subtype = mount_args_type(f->type);
	else if (!mount->subtype)
		mount->subtype = name ? name + 1 : program;
	if (f->source)
		mount->fsname = f->source;
	else if (!mount->fsname)
		mount->fsname = mount->subtype;
	return 0;
}

static int start(const struct fmount *f, const struct mountpoint *at, int device, char **program)
{
	char **argv = command_place(program, device);
	int status = argv ? command_exec(f, argv) : 1;

	commfd_umount_known(at, UMOUNT_LAZY);
	return status;
}

int fmount_run(struct fmount *f, const char *where, char **program)
{
	static struct mountpoint at;
	struct optlist mount;
	int device, held = -1, status = -1;

	if (make_point_or_report(where, f->list, &held) != 0
	    || mount_options(f, program ? program[0] : "fuse", &mount) != 0)
		return 1;
	if (fmount_start_options)
		status = fmount_prepare(f, held, where, &mount, program);
	if (status >= 0)
		return status;
	device = mount_or_report(&at, held, where, &mount);
	if (device < 0)
		return 1;
	if (f->verbose)
		msg("%s: mounted, type fuse.%s", at.path, mount.subtype);
	return fmount_start_options ? fmount_start(f, &at, device, program) : start(f, &at, device, program);
}
