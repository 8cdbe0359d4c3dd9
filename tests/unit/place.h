/* SPDX-License-Identifier: MIT */
/* place: for the unit tests that make system calls, a mount namespace and a directory of their own, with
 * the directory mnt in it. */
#ifndef FUSEBOX_UNIT_PLACE_H
#define FUSEBOX_UNIT_PLACE_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/mount.h"
#include "out.h"

static char top[] = "/tmp/fusebox-unit.XXXXXX";

static inline void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	chmod(path, mode);
}

/* Mounts a FUSE file system on mnt. Returns its device; the test closes that and at->under. */
static inline int mount_mnt(struct mountpoint *at)
{
	static const struct optlist options = { .fsname = "x", .subtype = "unit" };
	char text[512];
	struct out why = OUT_TEXT(text);
	int device;

	assert_int_equal(mount_pin(at, "mnt", &why), 0);
	device = mount_fuse(at, &options, &why);
	assert_true(device > 2);
	return device;
}

/* In a user namespace mounting is allowed, and propagates to no other namespace. */
static inline int set_up(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mkdtemp(top) && chmod(top, 0755) == 0 && chdir(top) == 0 && mkdir("mnt", 0755) == 0 ? 0 : -1;
}

static inline int tear_down(void **state)
{
	char command[128];

	(void)state;
	umount2("mnt", MNT_FORCE | MNT_DETACH);
	snprintf(command, sizeof(command), "/bin/rm -rf --one-file-system '%s'", top);
	return chdir("/") < 0 || system(command) != 0;
}

#endif
