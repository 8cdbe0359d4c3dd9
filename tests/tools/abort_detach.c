/* abort_detach MOUNTPOINT: wake everyone who waits on a FUSE mount and detach
   it. For the clean-up of tests: it must not depend on what is tested. */
#include <stdio.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (umount2(argv[1], MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	perror(argv[1]);
	return 1;
}
