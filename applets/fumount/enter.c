/* SPDX-License-Identifier: MIT */
/* enter: join another mount namespace, for -N, and for -R, which visits all of them. */
#include <errno.h>
#include <fcntl.h>

#include "cli/map.h"
#include "fumount.h"
#include "health/fusectl.h"
#include "mount/table.h"
#include "opt.h"
#include "proc/proc.h"
#include "proc/reader.h"
#include "sys.h"
#include "target/resolve.h"

/* The file systems that are mounted in the namespace in which fumount was started. */
static struct map outside;

static int note_outside(const struct table_row *row, void *data)
{
	return map_add(data, table_connection(row), 0);
}

bool fumount_is_outside(uint64_t connection)
{
	return map_find(&outside, connection);
}

bool fumount_refuse_outside(const struct fumount *f, const struct report *to, uint64_t connection)
{
	bool ends_more = f->abort || f->force || f->kill || f->read_only || f->recover || f->wake;
	uint64_t named;

	if (!ends_more || !fumount_is_outside(connection) || target_connection(to->object, &named) == 0)
		return false;
	report(to, "refused", "also mounted outside of that namespace; without -N, conn:%llu names it",
	       (unsigned long long)connection);
	return true;
}

int fumount_enter(const char *namespace)
{
	uint64_t pid, start = proc_namespace();
	bool of_process = opt_number(namespace, INT32_MAX, &pid) == 0;
	int fd, err;

	sys_keep_places();
	fusectl_keep();
	resolve_in_child();
	fd = of_process ? reader_open(namespace, "ns/mnt") : sys_open(namespace, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT && of_process && proc_mounted())
		fd = -ESRCH;
	/* -R enters others from the namespace that -N entered: fumount started in the first one. */
	err = fd < 0 ? fd : outside.count ? 0 : table_each(NULL, note_outside, &outside);
	if (!err)
		err = sys_enter_mount_namespace(fd);
	if (start && proc_namespace() == start)
		map_free(&outside);
	if (fd >= 0)
		sys_close(fd);
	return err;
}
