/* SPDX-License-Identifier: MIT */
/* enter: join another mount namespace, for -N, and for -R, which visits all of them. */
#include <errno.h>
#include <fcntl.h>

#include "fumount.h"
#include "health/fusectl.h"
#include "opt.h"
#include "proc/proc.h"
#include "proc/reader.h"
#include "sys.h"
#include "target/resolve.h"

int fumount_enter(const char *namespace)
{
	uint64_t pid;
	bool of_process = opt_number(namespace, INT32_MAX, &pid) == 0;
	int fd, err;

	sys_keep_places();
	fusectl_keep();
	resolve_in_child();
	fd = of_process ? reader_open(namespace, "ns/mnt") : sys_open(namespace, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT && of_process && proc_mounted())
		fd = -ESRCH;
	err = fd < 0 ? fd : sys_enter_mount_namespace(fd);
	if (fd >= 0)
		sys_close(fd);
	return err;
}
