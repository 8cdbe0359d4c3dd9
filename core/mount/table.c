/* SPDX-License-Identifier: MIT */
/* table: see table.h. */
#include "mount/table.h"

#include <errno.h>

#include "mount/mountinfo.h"
#include "mount/statmount.h"
#include "sys.h"

int table_each(const char *pid, int (*fn)(const struct table_row *, void *), void *data)
{
	int result, fd = mountinfo_open(pid ? pid : "self");

	if (fd < 0)
		return pid ? fd : statmount_each(fn, data);
	result = mountinfo_each(fd, fn, data);
	sys_close(fd);
	return result;
}

struct key { uint64_t id; uint32_t major, minor; };

static int has_key(const struct table_row *row, void *data)
{
	const struct key *key = data;

	return (!key->id || row->id == key->id) && row->major == key->major && row->minor == key->minor;
}

int table_has(uint64_t id, uint32_t major, uint32_t minor)
{
	struct key key = { id, major, minor };

	return table_each(NULL, has_key, &key);
}

struct search { const struct sys_stat *st; struct table_row *row; };

static int is_searched(const struct table_row *row, void *data)
{
	const struct search *s = data;

	if (s->st->mount_id ? row->id != s->st->mount_id : row->minor != s->st->dev_minor
	    || row->major != s->st->dev_major)
		return 0;
	*s->row = *row;
	return 1;
}

int table_identify(int fd, struct sys_stat *st)
{
	int err = sys_statx(fd, "", true, st);

	if (err != -EACCES)
		return err;
	err = sys_statx(fd, "", false, st);
	return err ? err : statmount_complete(st);
}

int table_of_fd(int fd, struct table_row *row, bool whole)
{
	struct sys_stat st;
	struct search s = { .st = &st, .row = row };
	int err = table_identify(fd, &st);

	if (!err && st.unique_id) {
		err = statmount_row(st.mount_id, row);
		if (err == 0 || (err == 1 && !whole))
			return 0;
	}
	err = sys_statx(fd, "", false, &st);	/* FUSE permits this to every user. */
	if (err)
		return err;
	err = table_each(NULL, is_searched, &s);
	return err > 0 ? 0 : err ? err : -ENOENT;
}

static int count_fuse_row(const struct table_row *row, void *count)
{
	*(int *)count += table_is_fuse(row);
	return 0;
}

int table_count_fuse(void)
{
	int count = statmount_count_fuse(), err = 0;

	if (count < 0) {
		count = 0;
		err = table_each(NULL, count_fuse_row, &count);
	}
	return err < 0 ? err : count;
}
