/* SPDX-License-Identifier: MIT */
/* mount_or_report: see mount_or_report.h. */
#include "launch/mount_or_report.h"

#include <errno.h>

#include "msg.h"
#include "sys.h"

int mount_or_report(struct mountpoint *at, int held, const char *path, const struct optlist *options)
{
	char text[1024];
	struct out why = OUT_TEXT(text);
	int device = held < 0 ? mount_pin(at, path, &why) : mount_pin_held(at, held, path, &why);

	if (device == 0) {
		device = mount_fuse(at, options, &why);
		sys_close(at->under);
	}
	if (device >= 0)
		return device;
	msg("%s", out_text(&why));
	return -1;
}

int report_unmounted(int status, const char *path, int err)
{
	struct sys_stat st;

	if (err != -EINVAL || sys_stat_path(path, 0, false, &st) < 0 || !st.inside)
		return msg_errno(status, path, err);
	msg("%s: nothing is mounted there", path);
	return status;
}

int make_point_or_report(const char *path, const char *options, int *held)
{
	uint32_t mode;
	int err = optlist_mkdir(options, &mode);

	if (err < 0)
		return msg_refuse("X-mount.mkdir: not an octal mode, such as 0755");
	*held = err ? mount_make_point(path, mode) : -1;
	return err && *held < 0 ? msg_errno(1, path, *held) : 0;
}
