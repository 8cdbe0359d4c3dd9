/* SPDX-License-Identifier: MIT */
/* statmount(2) and listmount(2), on kernels that know more or less of the mask: strings of any
   bytes, in any order, in a structure of any size that suffices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz.h"
#include "mount/mount.h"
#include "mount/statmount.h"
#include "mount/table.h"

/* The kernel's structure; the offsets of its strings count from its end. */
struct answer {
	uint32_t size, options;
	uint64_t mask;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t super_flags, type;
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attributes, propagation, peer_group, master, propagate_from;
	uint32_t root, mountpoint;
	uint64_t ns_id;
	uint32_t subtype, source;
	uint64_t spare[48];
};
_Static_assert(sizeof(struct answer) == 512, "statmount(2)");

static struct input world;	/* the bytes from which the mounts are made, over and over */
static uint64_t known;		/* the mask that this kernel supports */
static unsigned int count;
static bool no_reverse;

/* Appends a string of the input to the others. */
static uint32_t put(char *texts, size_t *used, size_t room)
{
	char *text = input_text(&world, '\n');
	size_t size = strlen(text) + 1, at = *used;

	if (at + size <= room)
		memcpy(texts + at, text, size);
	*used += size;
	free(text);
	return (uint32_t)at;
}

static int statmount(uint64_t id, uint64_t mask, void *buf, size_t size)
{
	struct answer a = { .major = 0 };
	char *texts = (char *)buf + sizeof(a);
	size_t used = 1, room;
	uint8_t how = input_byte(&world);

	MUST(size >= sizeof(a));
	room = size - sizeof(a);
	if (how == 0xff)
		return -ENOENT;		/* gone meanwhile */
	memset(buf, 0xaa, size);	/* the caller must not read what the kernel has not
					   written */
	a.mask = mask & known;
	a.old_id = (uint32_t)id & 3;
	a.minor = how;
	if (room)
		texts[0] = '\0';	/* a missing string is empty */
	/* As in the kernel, some bits of the mask are left out if their string is empty. */
	if (a.mask & 8)
		a.root = put(texts, &used, room);
	if (a.mask & 0x10)
		a.mountpoint = put(texts, &used, room);
	if (a.mask & 0x20)
		a.type = put(texts, &used, room);
	if (a.mask & 0x80)
		a.options = put(texts, &used, room);
	if (a.mask & 0x100 && how & 1)
		a.subtype = put(texts, &used, room);
	else
		a.mask &= ~(uint64_t)0x100;
	if (a.mask & 0x200)
		a.source = put(texts, &used, room);
	if (used > room)
		return -EOVERFLOW;
	a.size = (uint32_t)(sizeof(a) + used);
	memcpy(buf, &a, sizeof(a));
	return 0;
}

static int listmount(uint64_t after, uint64_t *ids, size_t most, bool newest_first)
{
	size_t n = 0;

	if (newest_first && no_reverse)
		return -EINVAL;
	for (; n < most; n++) {
		uint64_t next = newest_first ? (after ? after : count + 1) - 1 : after + 1;

		if (next < 1 || next > count)
			break;
		ids[n] = after = next;
	}
	return (int)n;
}

static int look(const struct table_row *row, void *data)
{
	const char *const texts[] = {
		row->root, row->mountpoint, row->options, row->propagation, row->type, row->source, row->super,
	};

	++*(unsigned int *)data;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		MUST(texts[i]);
		fuzz_touch_text(texts[i]);
	}
	table_is_fuse(row);
	table_owner(row);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t kernels[] = {
		0x3f, 0x1ff, 0x3ff, 0x7fff, 0x33, 0xfff & ~0x20u, 0, 0x3ff & ~0x80u,
	};
	struct input in = { data, size };
	uint8_t how = input_byte(&in), mounts = input_byte(&in);
	struct table_row row;
	struct sys_stat st;
	unsigned int seen = 0;

	fake_start();
	fake.statmount = statmount;
	fake.listmount = listmount;
	fake.unique_ids = how & 1;
	known = kernels[how >> 1 & 7];
	no_reverse = how & 16;
	count = how & 32 ? mounts % 8u : mounts + 1u;
	/* statx may fail with EACCES first. */
	fake.decisions = (struct input) { (const uint8_t *)"\xc2\0\1", how & 64 ? 3 : 0 };
	if (how & 128)
		fake_file("/proc/self/mountinfo", "1 0 0:5 / / rw - fuse x rw\n", 27);
	world = in;
	if (statmount_each(look, &seen) == 0)
		MUST(seen <= count);
	world = in;
	MUST(table_count_fuse() <= (int)(count ? count : 1));
	world = in;
	if (table_of_fd(1, &row, how & 4) == 0)
		look(&row, &seen);
	world = in;
	table_identify(1, &st);
	MUST(fake_open() == 0);
	return 0;
}
