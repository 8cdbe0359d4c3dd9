/* SPDX-License-Identifier: MIT */
/* reattach_clone: see reattach_clone.h. */
#include "reattach_clone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "sys.h"
#include "sys/vfs.h"

static uint64_t attributes_of(const char *options)
{
	static const struct { const char *name; uint64_t attribute; } known[] = {
		{ "ro", ATTR_RDONLY }, { "nosuid", ATTR_NOSUID }, { "nodev", ATTR_NODEV },
		{ "noexec", ATTR_NOEXEC }, { "noatime", ATTR_NOATIME }, { "nodiratime", ATTR_NODIRATIME },
		{ "nosymfollow", ATTR_NOSYMFOLLOW },
	};
	uint64_t attributes = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (text_in_list(options, known[i].name))
			attributes |= known[i].attribute;
	return attributes;
}

/* MS_SHARED, MS_SLAVE, MS_UNBINDABLE or MS_PRIVATE, as the old mount. */
static uint64_t propagation_of(const char *propagation)
{
	enum { UNBINDABLE = 1 << 17, PRIVATE = 1 << 18, SLAVE = 1 << 19, SHARED = 1 << 20 };

	return text_find(propagation, "shared:") ? SHARED : text_find(propagation, "master:") ? SLAVE
	       : text_find(propagation, "unbindable") ? UNBINDABLE : PRIVATE;
}

/* Opens the directory or file of the new mount that `old` shows of its file system. The kernel drops the
   names of a dead server, and then adds "//deleted" to the path. */
static int open_part(int root, const struct table_row *old)
{
	char path[8192];
	struct out out = OUT_TEXT(path);
	char *deleted;

	if (strcmp(old->root, "/") == 0)
		return vfs_dup(root);
	if (strlen(old->root) >= sizeof(path))
		return -ENAMETOOLONG;
	out_str(&out, old->root + 1);
	deleted = text_find(out_text(&out), "//deleted");
	if (deleted)
		*deleted = '\0';
	return sys_openat2(root, path, O_PATH | O_NOFOLLOW,
			   RESOLVE_SAME_MOUNT | RESOLVE_NO_LINKS | RESOLVE_WITHIN);
}

int reattach_clone(int root, const struct table_row *old)
{
	uint64_t attributes = attributes_of(old->options);
	int part = open_part(root, old), clone, err;

	if (part < 0)
		return part;
	clone = sys_clone_mount(part, false);
	sys_close(part);
	if (clone < 0)
		return clone;
	err = sys_set_mount(clone, attributes, attributes & ATTR_NOATIME ? ATTR_ATIME : 0, 0, -1);
	if (!err)
		err = sys_set_mount(clone, 0, 0, propagation_of(old->propagation), -1);
	if (err)
		sys_close(clone);
	return err ? err : clone;
}
