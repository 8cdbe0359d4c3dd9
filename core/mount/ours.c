/* SPDX-License-Identifier: MIT */
/* ours: see ours.h. */
#include "mount/ours.h"

#include <fcntl.h>

#include "sys.h"

/* The mount table does not show which user's process serves a mount: another user may serve root's.
   But every process has to trust the file system of the root directory. */
static bool is_served(int dir, const struct sys_stat *st)
{
	int64_t magic = sys_magic(dir);
	struct sys_stat root;

	if (magic != SYS_FUSE_MAGIC)
		return magic < 0;
	return sys_stat_path("/", 0, false, &root) != 0 || root.mount_id != st->mount_id;
}

bool ours_is_directory(int dir)
{
	struct sys_stat st;

	return sys_statx(dir, "", true, &st) == 0 && !(st.mode & 022)
	       && (st.uid == 0 || st.uid == sys_geteuid()) && !is_served(dir, &st);
}
