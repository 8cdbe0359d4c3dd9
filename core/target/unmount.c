/* SPDX-License-Identifier: MIT */
/* unmount: see unmount.h. */
#include "target/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/child.h"
#include "health/fusectl.h"
#include "health/holders.h"
#include "mount/mount.h"
#include "mount/ours.h"
#include "mount/table.h"
#include "optlist.h"
#include "out.h"
#include "proc/proc.h"

/* Changes to the target's parent directory, so that a path of any length works, and returns the last
   component; or returns the whole path if the parent is unknown. */
static const char *enter_parent(const struct target *t)
{
	const char *name = strrchr(t->at.path, '/');

	return t->at.parent >= 0 && name && sys_fchdir(t->at.parent) == 0 ? name + 1 : t->at.path;
}

/* A user who can rename names in the mountpoint's directory could lead a name to another mount: from a
   mount namespace where nothing is mounted on them, rename(2) takes two mountpoints for plain
   directories. Without /proc there is nothing but names. */
static bool is_name_safe(const struct target *t)
{
	return sys_geteuid() != 0 || !t->known.mount_id || !proc_mounted()
	       || (!t->at.below && t->at.parent >= 0 && ours_is_directory(t->at.parent));
}

static int is_on_target(const struct table_row *row, void *target)
{
	return row->parent == ((const struct target *)target)->id;
}

/* NULL in a small build. */
extern __typeof__(holders_any) holders_any __attribute__((weak));

/* Whether /proc shows a holder. A connection may have thousands of mounts to unmount, and one look at
   every process tells of them all. */
static bool is_held(uint32_t major, uint32_t minor)
{
	static struct { uint32_t major, minor; uint64_t until; } unheld;
	uint64_t now = sys_clock_ns();
	bool held;

	if (unheld.major == major && unheld.minor == minor && now < unheld.until)
		return false;
	held = holders_any(major, minor) != 0;
	if (!held) {
		unheld.major = major;
		unheld.minor = minor;
		unheld.until = now + NS_PER_S;
	}
	return held;
}

/* Whether a plain umount2(2) would fail with EBUSY, as far as /proc shows holders. */
static bool is_busy(const struct target *t)
{
	return table_each(NULL, is_on_target, (void *)t) != 0 || is_held(t->major, t->minor);
}

/* Another fumount or the server itself may have unmounted it meanwhile. */
static bool is_gone(const struct target *t)
{
	return t->id && !table_has(t->id, t->major, t->minor);
}

/* Where the name is not safe, a plain unmount detaches by descriptor what is not busy. */
static int choose_how(const struct target *t, enum umount_how *how)
{
	if (*how != UMOUNT_PLAIN || is_name_safe(t))
		return 0;
	if (!holders_any)
		return -EOPNOTSUPP;
	*how = UMOUNT_LAZY;
	return !is_busy(t) ? 0 : is_gone(t) ? -ENOENT : -EBUSY;
}

static int unmount_reached(const struct target *t, enum umount_how how)
{
	const char *name = enter_parent(t);
	int err = t->known.mount_id ? umount_known_in_turn(name, &t->known, how) : umount_path(name, how);

	if (err != -EPERM || sys_geteuid() == 0 || (t->owner >= 0 && t->owner != sys_getuid()))
		return err;
	return commfd_unmount(t->at.path, how != UMOUNT_PLAIN);
}

/* Below a FUSE mount, that mount's server decides where the path leads, and a user's server must not
   redirect root's unmount: resolve the path again and compare the mount. */
static int unmount_verified(const struct target *t, enum umount_how how)
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

/* Opens the mount's root, which keeps the mount busy. */
static int open_mount(const struct target *t)
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
	int fd = open_mount(t);

	if (fd >= 0)
		sys_close(fd);
	return fd >= 0;
}

/* For a moved mount umount2(2) returns the errors of a locked (EINVAL) or a hidden one (ENOENT). */
int unmount_directly(const struct target *t, enum umount_how how)
{
	int err = choose_how(t, &how);

	if (err)
		return err;
	err = unmount_verified(t, how);
	if (err && is_gone(t))
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

static struct child worker;
static bool at_work;	/* the last child has not returned its result */

int unmount_wait(int milliseconds)
{
	int err = child_wait(&worker, milliseconds);

	at_work = err == -ETIMEDOUT;
	return err;
}

int unmount_target(const struct target *t, enum umount_how how)
{
	struct job job = { t, how };
	int err = choose_how(t, &job.how);

	if (err)
		return err;
	if (at_work)
		child_leave(&worker);
	at_work = false;
	if (child_start(&worker, do_job, &job) < 0)
		return unmount_directly(t, how);
	return unmount_wait(UNMOUNT_LIMIT_MS);
}

/* In another user's mount namespace a lookup can wait for that user's server. */
static int run_in_child(int (*fn)(void *target), const struct target *t)
{
	return child_run_on(fn, (void *)t, UNMOUNT_LIMIT_MS);
}

struct flags { struct optlist one, whole; uint64_t id; bool found; };

static void take_flags(struct optlist *flags, const char *options)
{
	char text[4096];
	struct out out = OUT_TEXT(text);

	out_str(&out, options);
	out_text(&out);
	optlist_known(flags, text);
}

static int take_if_same(const struct table_row *row, void *data)
{
	struct flags *f = data;

	if (row->id != f->id)
		return 0;
	take_flags(&f->one, row->options);
	take_flags(&f->whole, row->super);
	f->found = true;
	return 1;
}

/* A remount clears each flag of the mount that it does not set. */
static int make_read_only(void *target)
{
	enum { REMOUNT = 0x20 };
	const struct target *t = target;
	struct flags flags = { .id = t->id };
	char name[32];
	int fd = open_mount(t), err;

	if (fd < 0)
		return fd;
	err = table_each(NULL, take_if_same, &flags);
	if (err >= 0)
		err = !flags.found ? -ESTALE
		      : sys_mount(NULL, sys_fd_path(name, fd), NULL,
				  REMOUNT | MOUNT_RDONLY | flags.one.flags | flags.whole.flags, NULL);
	sys_close(fd);
	return err;
}

int unmount_read_only(const struct target *t)
{
	return run_in_child(make_read_only, t);
}

/* The open mount keeps its connection, so that the kernel cannot reuse the number meanwhile. */
static int force_by_descriptor(void *target)
{
	char name[32];
	int fd = open_mount(target), err;

	if (fd < 0)
		return fd;
	/* Use the descriptor's path only: the mount's own path may lead to another mount by now. */
	err = sys_umount2(sys_fd_path(name, fd), 1 /* MNT_FORCE aborts before it fails with EBUSY. */);
	sys_close(fd);
	return err == -EBUSY ? 0 : err;
}

int unmount_abort(const struct target *t)
{
	int err = t->identity ? fusectl_abort_known(t->connection, t->identity) : -EACCES, forced;

	if (!err || err == -ESTALE || err == -ENOENT || is_gone(t))
		return err ? -ENOENT : 0;
	forced = run_in_child(force_by_descriptor, t);
	return forced == 0 || forced == -EPERM ? forced : err;
}
