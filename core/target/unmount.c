/* unmount: see unmount.h. */
#include "target/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/child.h"
#include "health/fusectl.h"
#include "mount/mount.h"
#include "mount/table.h"

/* Its name in the directory that it is in, which a path of any length leads to; or,
   where that directory is not known, the path. */
static const char *enter_parent(const struct target *t)
{
	const char *name = strrchr(t->at.path, '/');

	return t->at.parent >= 0 && name && sys_fchdir(t->at.parent) == 0 ? name + 1 : t->at.path;
}

static int unmount_reached(const struct target *t, enum umount_how how)
{
	const char *name = enter_parent(t);
	int err = t->known.mount_id ? umount_known_in_turn(name, &t->known, how) : umount_path(name, how);

	if (err != -EPERM || sys_geteuid() == 0 || (t->owner >= 0 && t->owner != sys_getuid()))
		return err;
	return commfd_unmount(t->at.path, how != UMOUNT_PLAIN);
}

/* Of a target below a FUSE mount only the path is known, and the server of that mount says
   where the path leads: a user's server must not send root elsewhere. */
static int try_to_unmount(const struct target *t, enum umount_how how)
{
	static struct target reached;
	int err;

	if (!t->at.below || sys_geteuid() != 0)
		return unmount_reached(t, how);
	reached = *t;
	err = target_reach(&reached);
	if (reached.at.fd >= 0)
		sys_close(reached.at.fd);
	reached.at.fd = -1;
	if (!err)
		err = unmount_reached(&reached, how);
	target_close(&reached);
	return err;
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

static bool is_there(const struct target *t)
{
	int fd = hold(t);

	if (fd >= 0)
		sys_close(fd);
	return fd >= 0;
}

/* Another fumount, or the server itself, may have unmounted it meanwhile. Of a mount that
   was moved, umount2(2) says the same as of one that is locked (EINVAL), or hidden (ENOENT). */
int unmount_directly(const struct target *t, enum umount_how how)
{
	int err = try_to_unmount(t, how);

	if (err && t->id && !table_has(t->id, t->major, t->minor))
		return -ENOENT;
	if (t->id && (err == -ENOENT || (err == -EINVAL && !is_there(t))))
		return -ESTALE;
	return err;
}

struct job { const struct target *target; enum umount_how how; };

static int do_job(void *data)
{
	const struct job *job = data;

	return unmount_directly(job->target, job->how);
}

static struct aside worker;
static bool at_work;	/* the last one has not told its result */

int unmount_wait(int milliseconds)
{
	int err = aside_wait(&worker, milliseconds);

	at_work = err == -ETIMEDOUT;
	return err;
}

int unmount_target(const struct target *t, enum umount_how how)
{
	struct job job = { t, how };

	if (at_work)
		aside_leave(&worker);
	at_work = false;
	if (aside_start(&worker, do_job, &job) < 0)
		return unmount_directly(t, how);
	return unmount_wait(UNMOUNT_LIMIT_MS);
}

/* While the mount is held, its connection cannot become another's. */
int unmount_abort(const struct target *t)
{
	int fd = hold(t), err;

	if (fd < 0 && !table_has(t->id, t->major, t->minor))
		return -ENOENT;
	err = conn_abort(t->connection);
	if (err && fd >= 0) {
		char name[32];

		/* By no name, even without /proc: it could be another mount's by now. */
		err = sys_umount2(sys_fd_path(name, fd), 1 /* MNT_FORCE: EBUSY, and done */);
		err = err == -EBUSY ? 0 : err;
	}
	if (fd >= 0)
		sys_close(fd);
	return err;
}
