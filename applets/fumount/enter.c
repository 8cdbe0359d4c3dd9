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

/* The file systems that are mounted in the namespace in which fumount was started, and whether they are FUSE. */
static struct map outside;

static int note_outside(const struct table_row *row, void *data)
{
	return map_add(data, table_connection(row), table_is_fuse(row));
}

bool fumount_is_outside(uint64_t connection)
{
	return map_find(&outside, connection);
}

static bool ends_more(const struct fumount *f)
{
	return f->abort || f->force || f->kill || f->read_only || f->recover || f->wake;
}

bool fumount_refuse_outside(const struct fumount *f, const struct report *to, uint64_t connection)
{
	const uint32_t *fuse = map_find(&outside, connection);
	uint64_t named;

	if (!ends_more(f) || !fuse || (!f->all && target_connection(to->object, &named) == 0 && named == connection))
		return false;
	if (*fuse)
		report(to, "refused", "also mounted outside of that namespace; conn:%llu acts on it everywhere, -l detaches it there",
		       (unsigned long long)connection);
	else
		report(to, "refused", "also mounted outside of that namespace; -l detaches it there");
	return true;
}

/* Without /proc, before Linux 6.8, no mount table tells: allow what acts on mounts of that namespace alone. */
static int note_mounts(const struct fumount *f)
{
	int err = table_each(NULL, note_outside, &outside);

	return ends_more(f) ? err : 0;
}

/* The mount that is the root: each mount namespace has one of its own. 0: not known, before Linux 5.8. */
static uint64_t root_mount(void)
{
	struct sys_stat st;

	return sys_statx(AT_FDCWD, "/", false, &st) == 0 ? st.mount_id : 0;
}

int fumount_enter(const struct fumount *f, const char *namespace)
{
	uint64_t pid, start = proc_namespace(), root = start ? 0 : root_mount();
	bool of_process = opt_number(namespace, INT32_MAX, &pid) == 0;
	int fd, err;

	sys_keep_places();
	fusectl_keep();
	resolve_in_child();
	fd = of_process ? reader_open(namespace, "ns/mnt") : sys_open(namespace, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT && of_process && proc_mounted())
		fd = -ESRCH;
	/* -R enters others from the namespace that -N entered: fumount started in the first one. */
	err = fd < 0 ? fd : outside.count ? 0 : note_mounts(f);
	if (!err)
		err = sys_enter_mount_namespace(fd);
	if (!err && (start ? proc_namespace() == start : root && root_mount() == root))
		map_free(&outside);
	if (fd >= 0)
		sys_close(fd);
	return err;
}
