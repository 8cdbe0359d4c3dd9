/* unmount: see unmount.h. */
#include "unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "conn.h"
#include "mount.h"
#include "table.h"

/* Its name in the directory that it is in, which a path of any length leads to; or,
   where that directory is not known, the path. */
static const char *enter_parent(const struct target *t)
{
	const char *name = strrchr(t->at.path, '/');

	return t->at.parent >= 0 && name && sys_fchdir(t->at.parent) == 0 ? name + 1 : t->at.path;
}

int unmount_directly(const struct target *t, enum umount_how how)
{
	const char *name = enter_parent(t);
	int err = t->known.mount_id ? umount_known(name, &t->known, how) : umount_path(name, how);

	if (err != -EPERM || sys_geteuid() == 0 || (t->owner >= 0 && t->owner != sys_getuid()))
		return err;
	return commfd_unmount(t->at.path, how != UMOUNT_PLAIN);
}

static int worker = -1;	/* our end of the socket to a child that is at work */

int unmount_wait(int milliseconds)
{
	int err, got = sys_poll_in(worker, milliseconds);

	if (got <= 0)
		return -ETIMEDOUT;
	if (sys_read_all(worker, &err, sizeof(err)) != sizeof(err))
		err = -EIO;
	sys_close(worker);
	worker = -1;
	return err;
}

int unmount_target(const struct target *t, enum umount_how how)
{
	int pair[2], err = sys_socketpair(pair), child;

	if (err)
		return unmount_directly(t, how);
	if (worker >= 0)
		sys_close(worker);	/* given up */
	worker = pair[0];
	child = sys_fork();
	if (child == 0) {
		sys_close(pair[0]);
		err = unmount_directly(t, how);
		sys_write_all(pair[1], &err, sizeof(err));
		sys_exit(0);
	}
	sys_close(pair[1]);
	if (child < 0)
		return unmount_directly(t, how);
	return unmount_wait(UNMOUNT_LIMIT_MS);
}

/* The mount, held: which makes it busy. */
static int hold(const struct target *t)
{
	struct sys_stat now;
	int fd = t->at.below ? -ENOENT
		 : t->at.parent >= 0 ? sys_openat(t->at.parent, strrchr(t->at.path, '/') + 1, O_PATH | O_NOFOLLOW, 0)
				     : sys_open(t->at.path, O_PATH | O_NOFOLLOW, 0);

	if (fd < 0)
		return fd;
	if (sys_statx(fd, "", false, &now) == 0 && now.dev_major == t->major && now.dev_minor == t->minor)
		return fd;
	sys_close(fd);
	return -ESTALE;
}

static int is_mounted(const struct table_row *row, void *data)
{
	const struct target *t = data;

	return row->id == t->id && row->major == t->major && row->minor == t->minor;
}

/* While the mount is held, its connection cannot become another's. */
int unmount_abort(const struct target *t)
{
	int fd = hold(t), err;

	if (fd < 0 && table_each(NULL, is_mounted, (void *)t) <= 0)
		return -ESTALE;
	err = conn_abort(t->connection);
	if (err && fd >= 0) {
		char name[32];

		err = sys_umount2(sys_fd_path(name, fd), 1 /* MNT_FORCE: EBUSY, and done */);
		if (err == -ENOENT)
			err = sys_umount2(t->at.path, 1);
		err = err == -EBUSY ? 0 : err;
	}
	if (fd >= 0)
		sys_close(fd);
	return err;
}
