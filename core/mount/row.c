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
		struct out out = out_in(text, size);

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
	return connection_of_device(row->major, row->minor);
}

/* The number of an option "NAME=NUMBER" of the file system, or -1. */
static int64_t option_number(const char *at, const char *name)
{
	enum { MOST_DIGITS = 10 };	/* of a 32-bit id */
	const size_t length = strlen(name);
	size_t digits;

	while (*at && strncmp(at, name, length) != 0)
		at = text_next_word(at);
	digits = *at ? strspn(at + length, "0123456789") : 0;
	return digits == 0 || digits > MOST_DIGITS ? -1 : (int64_t)text_number(at + length);
}

int64_t table_owner(const struct table_row *row)
{
	return option_number(row->super, "user_id=");
}

int64_t table_group(const struct table_row *row)
{
	return option_number(row->super, "group_id=");
}
