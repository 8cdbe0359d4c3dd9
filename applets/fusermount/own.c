/* SPDX-License-Identifier: MIT */
/* own: which mounts a caller may unmount. See helper.h. */
#include <errno.h>
#include <string.h>

#include "helper.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"

bool helper_owns(const struct helper *h, int fd, const char *path)
{
	struct table_row row;

	return table_of_fd(fd, &row, true) == 0 && table_is_fuse(&row)
	       && (!path || strcmp(row.mountpoint, path) == 0)
	       && (h->root || table_owner(&row) == h->at.uid);
}

/* Without a unique mount id (before Linux 6.8), id and device may be another mount's by now. */
int helper_open_known(const struct helper *h)
{
	int fd = umount_open_known(h->name, &h->at.mounted);

	if (fd < 0 || h->at.mounted.unique_id || helper_owns(h, fd, NULL))
		return fd;
	sys_close(fd);
	return -ESTALE;
}
