/* SPDX-License-Identifier: MIT */
/* make_point: X-mount.mkdir. See mount_or_report.h. */
#include <errno.h>

#include "launch/mount_or_report.h"
#include "msg.h"
#include "optlist.h"

int make_point_or_report(const char *path, const char *options, int *held)
{
	uint32_t mode;
	int err = optlist_mkdir(options, &mode);

	if (err < 0)
		return msg_refuse("X-mount.mkdir: not an octal mode, such as 0755");
	*held = err ? mount_make_point(path, mode) : -1;
	return err && *held < 0 ? msg_errno(1, path, *held) : 0;
}
