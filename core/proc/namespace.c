/* SPDX-License-Identifier: MIT */
/* namespace: the mount namespaces of processes. See proc.h. */
#include "proc/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/map.h"
#include "opt.h"
#include "out.h"
#include "proc/scout.h"
#include "sys.h"

static int read_namespace(const char *pid, uint64_t *number)
{
	char path[32];
	struct sys_stat st;
	int err;

	text_fmt(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	err = sys_statx(AT_FDCWD, path, true, &st);
	if (!err)
		*number = st.inode;
	return err;
}

uint64_t proc_namespace(void)
{
	uint64_t number;

	return read_namespace("self", &number) == 0 ? number : 0;
}

struct spaces {
	struct map seen;
	int (*fn)(uint64_t number, int pid, void *data);
	void *data;
};

struct visit { uint64_t number; int pid; };

/* Runs in the scout's child. */
static void look_at_namespace(struct scout *scout, const char *pid)
{
	struct visit visit = { .pid = 0 };
	uint64_t number;
	int err = opt_number(pid, INT32_MAX, &number);

	visit.pid = err ? 0 : (int)number;
	err = err ? err : read_namespace(pid, &visit.number);

	if (err == -EACCES)	/* It may be ending: try once more. */
		err = read_namespace(pid, &visit.number);
	if (!err)
		scout_report(scout, &visit);
	else if (err == -EACCES || err == -EPERM)
		scout_hidden(scout);
}

static int visit_namespace(struct scout *scout, const void *record)
{
	struct spaces *s = scout->data;
	struct visit visit;
	int err;

	memcpy(&visit, record, sizeof(visit));
	if (map_find(&s->seen, visit.number))
		return 0;
	err = map_add(&s->seen, visit.number, 0);
	return err ? err : s->fn(visit.number, visit.pid, s->data);
}

int proc_each_namespace(int (*fn)(uint64_t, int, void *), void *data, bool *hidden)
{
	struct spaces s = { .fn = fn, .data = data };
	struct scout scout = {
		.size = sizeof(struct visit), .look = look_at_namespace, .fn = visit_namespace, .data = &s,
	};
	int result = scout_each(&scout);

	*hidden |= result == -EAGAIN || proc_hides();
	map_free(&s.seen);
	return result == -EAGAIN ? 0 : result;
}
