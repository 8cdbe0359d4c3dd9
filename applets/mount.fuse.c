/* SPDX-License-Identifier: MIT */
/* mount.fuse3, mount.fuse: start a FUSE server for mount(8), without a shell.
 *
 * The interface is that of libfuse's mount.fuse3(8): execute the program named after the type, as
 * TYPE [SOURCE] MOUNTPOINT -o OPTIONS.
 */
#include <string.h>

#include "applet.h"
#include "mount_args.h"
#include "msg.h"

/* "sshfs" of mount.fuse.sshfs or mount.fuse3.sshfs; NULL if the name has no type. */
static const char *type_in(const char *name)
{
	static const char plain[] = "mount.fuse";

	if (strncmp(name, plain, sizeof(plain) - 1) != 0)
		return NULL;
	name = strchr(name + sizeof(plain) - 1, '.');
	return name ? name + 1 : NULL;
}

static int mount_fuse_main(char **argv)
{
	static struct mount_args args;
	const char *type = type_in(argv[0] ? applet_name(argv[0]) : "");

	if (mount_args_parse(argv, &args) != 0)
		return 1;
	if (!args.type)
		args.type = type;
	if (args.type && !*args.type)
		return msg_refuse("empty type given in the name of this command");
	return mount_args_serve(&args);
}

#define MORE "Example: mount -t fuse.sshfs host: mnt\n" \
	"Exit status: 0: mounted; 1, 32: not; 126, 127: the server cannot be run\n"

APPLET(mount_fuse, "mount.fuse3", "sbin", "TYPE#SOURCE MOUNTPOINT",
       "mount(8)'s way to a FUSE server", mount_args_options, MORE)
#define mount_fuse2_main mount_fuse_main
APPLET(mount_fuse2, "mount.fuse", "sbin", "TYPE#SOURCE MOUNTPOINT",
       "mount.fuse3 by its older name", mount_args_options, MORE)
