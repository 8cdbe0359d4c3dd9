/* SPDX-License-Identifier: MIT */
/* keep_unmount: see keep_unmount.h. */
#include "keep_unmount.h"

#include <errno.h>
#include <stdbool.h>

#include "health/report.h"
#include "mount/umount.h"
#include "msg.h"
#include "sys.h"

int keep_unmount(const struct mountpoint *at, int device, int server)
{
	const struct sys_stat *m = &at->mounted;
	struct report to = { .object = at->path, .except = server };
	int err = commfd_umount_in_parent(at);
	bool busy = err == -EBUSY;

	if (busy || err == -EAGAIN) {
		err = commfd_umount_known(at, UMOUNT_LAZY);
		busy |= report_holders(&to, m->dev_major, m->dev_minor) > 0;
		if (!err && busy && sys_poll_alive(device, 0) != -EPIPE)
			msg("%s: busy: detached, and served until no process holds it; signal again to abort", at->path);
	}
	return err ? msg_errno(1, at->path, err) : 0;
}
