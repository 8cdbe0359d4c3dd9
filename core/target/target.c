/* SPDX-License-Identifier: MIT */
/* target: see target.h. */
#include "target/target.h"

#include <errno.h>
#include <string.h>

#include "health/fusectl.h"
#include "mount/table.h"
#include "msg.h"
#include "target/find.h"

void target_close(struct target *t)
{
	resolve_close(&t->at);
}

static int is_still_there(const struct table_row *row, void *data)
{
	const struct target *t = data;

	return row->id == t->id && row->major == t->major && row->minor == t->minor
	       && strcmp(row->mountpoint, t->at.path) == 0;
}

/* t->at.fd keeps the mount, and with it the number of its connection. Below another FUSE mount t->at.fd
   is that one's, so look at the mount table again. */
static enum target_result take_identity(struct target *t)
{
	t->identity = t->fuse && t->id ? fusectl_identity(t->connection) : 0;
	return t->identity && t->at.below && table_each(NULL, is_still_there, t) == 0 ? TARGET_NOT_MOUNTED : TARGET_FOUND;
}

bool target_is_same(const struct target *t)
{
	return t->identity ? fusectl_identity(t->connection) == t->identity
			   : !t->id || table_has(t->id, t->major, t->minor);
}

enum target_result target_find(const char *word, struct target *t)
{
	enum target_result result;

	memset(t, 0, sizeof(*t));
	t->at.fd = t->at.parent = -1;
	t->owner = -1;
	t->named = target_is_name(word);
	result = t->named ? TARGET_UNKNOWN : find_path(word, t);
	if (result == TARGET_UNKNOWN)
		result = find_named(word, t);
	if (result == TARGET_FOUND)
		result = take_identity(t);
	if (t->at.fd >= 0)
		sys_close(t->at.fd);	/* An open descriptor keeps the mount busy. */
	t->at.fd = -1;
	if (result != TARGET_FOUND)
		target_close(t);
	return result;
}

const char *target_why(const struct target *t, enum target_result result)
{
	switch (result) {
	case TARGET_NOT_MOUNTED: return "nothing is mounted there";
	case TARGET_BAD_NUMBER:	return "not a number";
	case TARGET_COVERED:	return t->cover;
	case TARGET_NO_ANSWER:	return "a file system on its path does not answer; fuse-info shows which";
	case TARGET_SEVERAL:	return "several mounts have this; name one by its mountpoint, or mnt-id:N";
	default:		break;
	}
	if (result == TARGET_UNKNOWN && t->named)
		return "no FUSE mount has this number";
	return msg_reason(target_errno(t, result));
}

int target_errno(const struct target *t, enum target_result result)
{
	switch (result) {
	case TARGET_FOUND:	return 0;
	case TARGET_UNKNOWN:	return -ENOENT;
	case TARGET_COVERED:	return -EBUSY;
	case TARGET_NO_ANSWER:	return -ETIMEDOUT;
	case TARGET_FAILED:	return t->err;
	default:		return -EINVAL;
	}
}
