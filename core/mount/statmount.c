/* SPDX-License-Identifier: MIT */
/* statmount: see statmount.h. */
#include "mount/statmount.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "out.h"
#include "sys.h"

/* struct statmount as of 6.15; the strings' places are counted from its end. */
struct statmount {
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
	char text[];
};
_Static_assert(sizeof(struct statmount) == 512, "statmount(2)");

enum {
	SM_SUPER = 1, SM_MOUNT = 2, SM_ROOT = 8, SM_POINT = 0x10, SM_TYPE = 0x20,
	SM_OPTIONS = 0x80, SM_SUBTYPE = 0x100, SM_SOURCE = 0x200,
	SM_BRIEF = SM_SUPER | SM_MOUNT | SM_ROOT | SM_POINT | SM_TYPE,
	SM_WHOLE = SM_BRIEF | SM_OPTIONS | SM_SOURCE,
	SM_PATHS = SM_ROOT | SM_POINT,
};

enum { ATIMES = 0x70 };	/* MOUNT_ATTR__ATIME */

/* The options of one mount, as /proc/PID/mountinfo spells its attributes. */
static const char *spell_attributes(uint64_t attributes)
{
	static const struct { uint8_t mask, value; char name[12]; } words[] = {
		{ ATTR_RDONLY, ATTR_RDONLY, "ro" }, { ATTR_RDONLY, 0, "rw" }, { ATTR_NOSUID, ATTR_NOSUID, ",nosuid" },
		{ ATTR_NODEV, ATTR_NODEV, ",nodev" }, { ATTR_NOEXEC, ATTR_NOEXEC, ",noexec" },
		{ ATIMES, ATTR_NOATIME, ",noatime" }, { ATTR_NODIRATIME, ATTR_NODIRATIME, ",nodiratime" },
		{ ATIMES, 0, ",relatime" },
	};
	static char text[80];
	struct out out = OUT_TEXT(text);

	for (unsigned int i = 0; i < sizeof(words) / sizeof(*words); i++)
		if ((attributes & words[i].mask) == words[i].value)
			out_str(&out, words[i].name);
	if (attributes & ATTR_NOSYMFOLLOW)
		out_str(&out, ",nosymfollow");
	return out_text(&out);
}

static int read_row(uint64_t id, uint64_t wanted, struct table_row *row)
{
	static union { struct statmount m; char room[20 * 1024]; } buf;
	static char type[280];
	struct out full = OUT_TEXT(type);
	const struct statmount *m = &buf.m;
	int err = sys_statmount(id, wanted | SM_SUBTYPE, &buf, sizeof(buf));

	if (err)
		return err;
	if (~m->mask & wanted & SM_BRIEF)
		return -ENOSYS;
	out_str(&full, m->text + m->type);
	if (m->mask & SM_SUBTYPE)
		out_fmt(&full, ".%s", m->text + m->subtype);
	*row = (struct table_row) {
		.id = m->old_id, .parent = m->old_parent, .major = m->major, .minor = m->minor,
		.root = wanted & SM_ROOT ? m->text + m->root : "",
		.mountpoint = wanted & SM_POINT ? m->text + m->mountpoint : "",
		.options = wanted & SM_MOUNT ? spell_attributes(m->attributes) : "", .propagation = "",
		.type = out_text(&full),
		.source = m->mask & SM_SOURCE ? m->text + m->source : "",
		.super = m->mask & SM_OPTIONS ? m->text + m->options : "",
	};
	/* The subtype need not be checked: a kernel that reports the source (6.13) also reports the
	   subtype, if there is one. */
	return (~m->mask & wanted) != 0;
}

int statmount_row(uint64_t id, struct table_row *row)
{
	return read_row(id, SM_WHOLE, row);
}

/* Calls fn with the unique id of each mount below another (EVERY_MOUNT: of all), until it returns something else
   than 0, and returns that. newest_first, where the kernel can: a caller that has just mounted looks for the newest. */
static int each_id(uint64_t below, bool newest_first, int (*fn)(uint64_t id, void *data), void *data)
{
	enum { IDS = 128 };
	uint64_t ids[IDS], last = 0;
	int n = sys_listmount(below, 0, ids, IDS, newest_first);

	if (n == -EINVAL) {
		newest_first = false;
		n = sys_listmount(below, 0, ids, IDS, newest_first);
	}
	for (; n > 0; n = sys_listmount(below, last, ids, IDS, newest_first)) {
		for (int i = 0; i < n; i++) {
			int result = fn(ids[i], data);

			if (result)
				return result;
		}
		last = ids[n - 1];
	}
	return n;
}

struct listing { int (*fn)(const struct table_row *row, void *data); void *data; };

static int list_row(uint64_t id, void *data)
{
	const struct listing *l = data;
	struct table_row row;
	int err = read_row(id, SM_WHOLE, &row);

	/* A path is too long, or none leads to the mount, which is there all the same. */
	if (err == -EOVERFLOW || err == -ENOSYS)
		err = read_row(id, SM_WHOLE & ~SM_PATHS, &row);
	return err < 0 ? 0 : l->fn(&row, l->data);
}

int statmount_each(int (*fn)(const struct table_row *, void *), void *data)
{
	struct listing l = { fn, data };

	return each_id(EVERY_MOUNT, false, list_row, &l);
}

static int list_brief_row(uint64_t id, void *data)
{
	const struct listing *l = data;
	struct table_row row;
	int err = read_row(id, SM_BRIEF, &row);

	return err == -ENOENT ? 0 : err < 0 ? err : l->fn(&row, l->data);
}

int statmount_each_below(uint64_t id, int (*fn)(const struct table_row *, void *), void *data)
{
	struct listing l = { fn, data };

	return each_id(id, false, list_brief_row, &l);
}

/* One part of what statmount(2) tells, with room for a short text. */
union part { struct statmount m; char room[sizeof(struct statmount) + 64]; };

static int ask(uint64_t id, uint64_t what, union part *part)
{
	int err = sys_statmount(id, what, part, sizeof(*part));

	return err ? err : part->m.mask & what ? 0 : -ENOSYS;
}

struct identity { uint64_t old, unique; };

static int is_identity(uint64_t id, void *data)
{
	struct identity *identity = data;
	union part part;

	if (ask(id, SM_MOUNT, &part) != 0 || part.m.old_id != identity->old)
		return 0;
	identity->unique = id;
	return 1;
}

int statmount_complete(struct sys_stat *st)
{
	struct identity identity = { .old = st->mount_id };

	if (each_id(EVERY_MOUNT, true, is_identity, &identity) > 0) {
		st->mount_id = identity.unique;
		st->unique_id = true;
	}
	return 0;
}

static int count_fuse_id(uint64_t id, void *count)
{
	union part part;
	int err = ask(id, SM_TYPE, &part);
	const char *type = part.m.text + part.m.type;

	if (err)
		return err == -ENOENT ? 0 : err;	/* gone since it was listed */
	*(int *)count += strcmp(type, "fuse") == 0 || strcmp(type, "fuseblk") == 0;
	return 0;
}

int statmount_count_fuse(void)
{
	int count = 0, err = each_id(EVERY_MOUNT, true, count_fuse_id, &count);

	return err < 0 ? err : count;
}
