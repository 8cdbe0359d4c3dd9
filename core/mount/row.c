/* SPDX-License-Identifier: MIT */
/* row: see row.h. */
#include "mount/row.h"

#include <string.h>

#include "out.h"

void table_copy(struct table_row *copy, const struct table_row *row, char *text, size_t size)
{
	const char **const strings[] = {
		&copy->mountpoint, &copy->type, &copy->source, &copy->options, &copy->propagation,
		&copy->root, &copy->super,
	};

	*copy = *row;
	for (unsigned int i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		struct out out = { .buf = text, .size = size, .fd = -1 };

		out_str(&out, *strings[i]);
		*strings[i] = size ? out_text(&out) : "";
		text += size ? out.len + 1 : 0;
		size -= size ? out.len + 1 : 0;
	}
}

bool table_is_fuse(const struct table_row *row)
{
	const char *rest = row->type + 4;

	if (strncmp(row->type, "fuse", 4) != 0)
		return false;
	if (strncmp(rest, "blk", 3) == 0)
		rest += 3;
	return *rest == '\0' || *rest == '.';
}

uint64_t table_connection(const struct table_row *row)
{
	/* A FUSE file system without a block device has major 0. */
	return (uint64_t)row->major << 20 | row->minor;
}

/* The number of an option "NAME=NUMBER" of the file system, or -1. */
static int64_t option_number(const char *at, const char *name)
{
	const size_t length = strlen(name);
	uint64_t id = 0;
	size_t digits;

	while (strncmp(at, name, length) != 0) {
		at += strcspn(at, ",");
		if (!*at++)
			return -1;
	}
	at += length;
	digits = strspn(at, "0123456789");
	if (digits == 0 || digits > 10)
		return -1;
	for (; digits; digits--)
		id = id * 10 + (uint64_t)(*at++ - '0');
	return (int64_t)id;
}

int64_t table_owner(const struct table_row *row)
{
	return option_number(row->super, "user_id=");
}

int64_t table_group(const struct table_row *row)
{
	return option_number(row->super, "group_id=");
}
