/* SPDX-License-Identifier: MIT */
/* binds: see binds.h. */
#include "health/binds.h"

#include "proc/proc.h"
#include "proc/read.h"

struct search {
	uint32_t major, minor;
	uint64_t own;
	int pid;
	int (*fn)(const struct table_row *row, int pid, void *data);
	void *data;
};

static int match_device(const struct table_row *row, void *data)
{
	struct search *s = data;

	return row->major == s->major && row->minor == s->minor ? s->fn(row, s->pid, s->data) : 0;
}

static int visit_namespace(uint64_t number, int pid, void *data)
{
	struct search *s = data;
	char text[12];
	int result;

	if (number == s->own)
		return 0;
	s->pid = pid;
	result = table_each(read_name(pid, text), match_device, s);
	return result > 0 ? result : 0;	/* A process that has ended holds no mount. */
}

int binds_each(uint32_t major, uint32_t minor,
	       int (*fn)(const struct table_row *, int, void *), void *data, bool *hidden)
{
	struct search s = { major, minor, proc_namespace(), 0, fn, data };
	int result = table_each(NULL, match_device, &s);

	if (result)
		return result;
	if (!s.own) {
		*hidden = true;
		return 0;
	}
	result = proc_each_namespace(visit_namespace, &s, hidden);
	if (result < 0)
		*hidden = true;
	return result > 0 ? result : 0;
}
