/* SPDX-License-Identifier: MIT */
/* enter: join another mount namespace, for -N, and for -R, which visits all of them. */
#include <errno.h>
#include <fcntl.h>

#include "fumount.h"
#include "health/fusectl.h"
#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "target/resolve.h"

int fumount_enter(const char *namespace)
{
	char path[32];
	struct out out = OUT_TEXT(path);
	uint64_t pid;
	int fd, err;

	if (opt_number(namespace, INT32_MAX, &pid) == 0) {
		out_fmt(&out, "/proc/%s/ns/mnt", namespace);
		namespace = out_text(&out);
	}
	sys_keep_places();
	fusectl_keep();
	resolve_in_child();
	fd = sys_open(namespace, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT && namespace == path && proc_mounted())
		fd = -ESRCH;
	err = fd < 0 ? fd : sys_enter_mount_namespace(fd);
	if (fd >= 0)
		sys_close(fd);
	return err;
}
