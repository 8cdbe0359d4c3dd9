/* SPDX-License-Identifier: MIT */
/* beneath: see beneath.h. */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "launch/stale.h"
#include "mount/table.h"
#include "msg.h"
#include "sys.h"

int beneath_open(struct beneath *b, int held, const char *path, bool stale)
{
	struct table_row row;
	struct sys_stat st;
	int err = 0;

	*b = (struct beneath) { .mount = -1, .remove = stale };
	b->top = held < 0 ? sys_open(path, O_PATH | O_DIRECTORY, 0) : sys_dup_above(held, 3);
	if (b->top < 0)
		return stale || b->top == -ENOENT ? 0 : msg_errno(b->top, path, b->top);
	if (table_of_fd(b->top, &row, false) == 0 && (!stale || table_is_fuse(&row))
	    && sys_statx(b->top, "", false, &st) == 0 && !st.inside)
		err = stale ? stale_check(path, table_connection(&row), &b->how) : 1;
	if (err <= 0)
		beneath_close(b);
	return err;
}

int beneath_create(struct beneath *b, struct mountpoint *at, const char *path, const struct optlist *o)
{
	struct mount_log said = { "" };
	int device = sys_open("/dev/fuse", O_RDWR, 0), err;

	*at = (struct mountpoint) {
		.under = -1, .top = -1, .mode = S_IFDIR, .uid = sys_getuid(), .gid = sys_getgid(),
	};
	if (device < 0) {
		if (device != -EPERM)
			msg("/dev/fuse: %s; %s", msg_reason(device), mount_device_advice(device) ? mount_device_advice(device) : "");
		return device;
	}
	err = mount_path_of(b->top, at->path, sizeof(at->path));
	if (!err)
		err = b->mount = mount_create(at, o, device, &said);
	if (err >= 0)
		err = table_identify(b->mount, &at->mounted);
	if (err >= 0)
		return device;
	sys_close(device);
	if (err != -ENOSYS && err != -EPERM)
		msg("%s: %s%s%s", path, msg_reason(err), *said.text ? "; " : "", said.text);
	return err;
}

int beneath_remove(struct beneath *b)
{
	int err = umount_fd(b->top, b->how);

	/* MNT_FORCE fails with EBUSY although it has aborted the connection. */
	return err == -EBUSY ? umount_fd(b->top, UMOUNT_LAZY) : err;
}

/* Opens the directory that has the mountpoint. -ESTALE: the path leads to another mount by now. */
static int open_parent(const struct beneath *b, const char *path, const char *name)
{
	struct sys_stat top, now;
	int dir = umount_open_parent(path), fd = dir < 0 ? dir : sys_openat(dir, name, O_PATH | O_NOFOLLOW, 0);
	int err = fd < 0 ? fd : sys_statx(fd, "", false, &now);

	if (!err)
		err = sys_statx(b->top, "", false, &top);
	if (!err && now.mount_id != top.mount_id)
		err = -ESTALE;
	if (fd >= 0)
		sys_close(fd);
	if (err && dir >= 0)
		sys_close(dir);
	return err ? err : dir;
}

/* Before 6.5, or where move_mount(2) refuses to go beneath: for a moment there is no mount, and another user
   could exchange a directory on the path for a link. */
static int replace(struct beneath *b, struct mountpoint *at)
{
	const char *name = strrchr(at->path, '/') + 1;
	int dir = open_parent(b, at->path, name), under;
	int err = dir < 0 ? dir : beneath_remove(b);

	under = err ? err : sys_openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	err = under < 0 ? under : sys_move_mount(b->mount, under);
	if (under >= 0)
		sys_close(under);
	if (dir >= 0)
		sys_close(dir);
	return err;
}

/* A detached mount has another id on some kernels than once it is attached. */
static int identify_placed(const struct beneath *b, struct mountpoint *at)
{
	int err = table_identify(b->mount, &at->mounted);

	if (!err)
		return 0;
	umount_fd(b->mount, UMOUNT_LAZY);
	return msg_errno(err, at->path, err);
}

int beneath_place(struct beneath *b, struct mountpoint *at)
{
	int err = sys_move_mount_beneath(b->mount, b->top);

	if (!err && b->remove)
		beneath_remove(b);
	if (err && b->remove)
		err = replace(b, at);
	if (!err)
		return identify_placed(b, at);
	if (err == -EINVAL)
		msg("%s: the kernel cannot mount beneath this; it takes Linux 6.5, a mount that is no root"
		    " file system, and none that another user namespace has locked", at->path);
	else
		msg_errno(1, at->path, err);
	return err;
}

void beneath_close(struct beneath *b)
{
	if (b->top >= 0)
		sys_close(b->top);
	if (b->mount >= 0)
		sys_close(b->mount);
	b->top = b->mount = -1;
}
