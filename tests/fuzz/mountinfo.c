/* SPDX-License-Identifier: MIT */
/* /proc/PID/mountinfo: line by line, and as a file that is read in pieces. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz.h"
#include "mount/mount.h"
#include "mount/mountinfo.h"
#include "mount/table.h"

static int copies;

static int look(const struct table_row *row, void *data)
{
	const char *const texts[] = {
		row->root, row->mountpoint, row->options, row->propagation, row->type, row->source, row->super,
	};
	struct table_row copy;
	char *text;
	size_t room = (size_t)(copies++ % 7) * 8;

	(void)data;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		MUST(texts[i]);
		fuzz_touch_text(texts[i]);
	}
	table_is_fuse(row);
	table_connection(row);
	MUST(table_owner(row) >= -1 && table_owner(row) < 10000000000);
	text = malloc(room + 1);
	table_copy(&copy, row, text, room);
	fuzz_touch_text(copy.mountpoint);
	fuzz_touch_text(copy.super);
	free(text);
	return 0;
}

static void one_line(struct input in)
{
	char *line = input_text(&in, '\n');
	struct table_row row;

	if (mountinfo_parse(line, &row) == 0)
		look(&row, NULL);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct table_row row;
	uint8_t how = input_byte(&in);

	fake_start();
	fake.most = how & 1 ? 1 + (how >> 3) : 0;
	fake_file("/proc/self/mountinfo", in.at, in.left);
	copies = 0;
	one_line(in);
	MUST(table_each(NULL, look, NULL) == 0);
	table_count_fuse();
	if (table_of_fd(1, &row, true) == 0)
		look(&row, NULL);
	MUST(fake_open() == 0);
	return 0;
}
