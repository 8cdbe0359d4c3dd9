/* SPDX-License-Identifier: MIT */
/* userns: see userns.h. */
#include "mount/userns.h"

#include <errno.h>
#include <fcntl.h>

#include "out.h"
#include "sys.h"

int userns_write(const char *path, const char *text, size_t size)
{
	int fd = sys_open(path, O_WRONLY, 0), err;

	if (fd < 0)
		return fd;
	err = sys_write_all(fd, text, size);
	sys_close(fd);
	return err;
}

/* Map one id to itself. */
static int map(const char *path, uint32_t id)
{
	char text[32];
	struct out out = OUT_TEXT(text);

	out_fmt(&out, "%u %u 1", id, id);
	return userns_write(path, text, out.len);
}

int userns_enter(const char **object)
{
	uint32_t uid = sys_geteuid(), gid = sys_getegid();
	int err = sys_new_user_namespace();

	*object = err ? "user namespace" : "/proc/self/uid_map";
	if (err)
		return err;
	userns_write("/proc/self/setgroups", "deny", 4);	/* missing before Linux 3.19 */
	err = map("/proc/self/uid_map", uid);
	return err ? err : map("/proc/self/gid_map", gid);
}
