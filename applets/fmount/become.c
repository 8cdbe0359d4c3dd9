/* SPDX-License-Identifier: MIT */
/* become: what the process gives up, or takes, before it executes the program. */
#include "fmount.h"
#include "msg.h"
#include "root_daemon.h"
#include "sys.h"
#include "sys/priv.h"

int fmount_become(const struct fmount *f, char **argv)
{
	int err = launch_leave_terminal(&f->launch);

	if (err)
		return msg_errno(1, "terminal", err);
	if (f->root_daemon) {
		sys_chdir("/");
		root_daemon_protect(argv);
	}
	if (launch_become(&f->launch) != 0)
		return 1;
	/* exec drops all capabilities but the ambient ones: keep CAP_SYS_ADMIN, so that the program can
	   unmount in its user namespace. */
	if (f->userns && !f->launch.drop_caps && (err = priv_keep_mounting()) < 0)
		return msg_errno(1, "CAP_SYS_ADMIN", err);
	return f->keep ? fmount_die_with_keeper() : 0;
}
