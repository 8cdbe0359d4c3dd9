/* SPDX-License-Identifier: MIT */
/* fstab(5), and mount(8)'s other ways to call fmount. */
#include "../../applets/fmount/as_mount.c"

#include <stdlib.h>

#include "fake.h"
#include "fuzz.h"

const bool applet_boxed = true;

static int touch(struct entry *e, void *count)
{
	fuzz_touch_text(e->source);
	fuzz_touch_text(e->mountpoint);
	fuzz_touch_text(e->type);
	fuzz_touch_text(e->options);
	MUST(*e->source && fuse_type(e->type));
	++*(int *)count;
	return 0;
}

/* The first two lines are options of fmount: -t, and -O or the options of a remount. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char table[] = "1 0 0:38 / /m ro,nosuid,relatime - fuse.x src rw,user_id=0\n";
	static struct fmount f;
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	char *types = input_text(&in, '\n'), *options = input_text(&in, '\n');
	struct input file = in;
	char *text = input_rest(&in);
	char *operands[] = { (char *)"/m", (char *)"/n", (char *)"/o", NULL };
	int count = 0;

	fake_start();
	f = (struct fmount) { .list = "" };
	fake_file("/etc/fstab", file.at, file.left);
	fake_file("/proc/self/mountinfo", table, sizeof(table) - 1);
	f.all = how & 1;
	f.type = how & 2 ? types : NULL;
	f.option_filter = how & 4 ? options : NULL;
	f.propagation[how >> 4 & 7] = how & 8;
	operands[how >> 6] = NULL;
	strncpy(f.list, options, sizeof(f.list) - 1);
	each_entry(text, touch, &count);
	MUST(count <= (int)file.left);
	fake.ends = true;
	fake.may_fork_child = how & 64;
	if (setjmp(fake.end) == 0) {
		fmount_like(&f, operands);
		MUST(fake_open() == 0);
	}
	free(types);
	free(options);
	free(text);
	return 0;
}
