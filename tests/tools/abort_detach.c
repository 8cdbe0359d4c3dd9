/* SPDX-License-Identifier: MIT */
/* abort_detach [-d] MOUNTPOINT: wakes all processes that wait for a FUSE mount and detaches it;
   -d: only detaches. Tests clean up with it, since the clean-up must not depend on the tested
   program, and umount(8) stats the path first. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	int detach_only = argc == 3 && strcmp(argv[1], "-d") == 0;

	if (argc != 2 + detach_only)
		return 2;
	if (umount2(argv[argc - 1], (detach_only ? 0 : MNT_FORCE) | MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	perror(argv[argc - 1]);
	return 1;
}
