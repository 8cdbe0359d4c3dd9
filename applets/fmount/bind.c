/* SPDX-License-Identifier: MIT */
/* bind: --bind, --rbind, --move and --make-*. Source and mountpoint are looked up once each, since
 * other users may change the names meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "bind.h"
#include "cli/map.h"
#include "idmap.h"
#include "launch/mount_or_report.h"
#include "launch/remount.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "msg.h"
#include "proc/proc.h"
#include "sys.h"

/* The exit statuses of mount(8). */
enum { OK = 0, FAILED = 32 };

/* Flags of mount(2) that optlist.h does not define. */
enum { BIND = 0x1000, MOVE = 0x2000, RECURSIVE = 0x4000, UNBINDABLE = 1 << 17,
       PRIVATE = 1 << 18, SLAVE = 1 << 19, SHARED = 1 << 20 };

/* Instead of an -errno: the path leads to another mount, and the new one cannot be unmounted. */
enum { STAYS = -0x1000 };

/* The directory or file at path, held open. */
struct place { const char *path; int fd; };

/* Its path for a call that takes no descriptor. Without /proc there are only names. */
static const char *name_of(const struct place *p, char name[32])
{
	return proc_mounted() ? sys_fd_path(name, p->fd) : p->path;
}

/* The kernel does not tell whether an error is about the source or the target. */
static int report_failed(const struct place *source, const struct place *target, bool move, int err)
{
	struct sys_stat from, to;

	if (err == STAYS) {
		msg("%s: another mount is there by now, and the new one is busy below it; unmount it where the directory is now",
		    target->path);
		return FAILED;
	}
	if (err != -EINVAL || !move || sys_statx(source->fd, "", true, &from) < 0 || sys_statx(target->fd, "", true, &to) < 0)
		return msg_errno(FAILED, target->path, err);
	if (from.inside)
		msg("%s: nothing is mounted there", source->path);
	else if (S_ISDIR(from.mode) != S_ISDIR(to.mode))
		msg("%s: %s is a directory, this is not", S_ISDIR(from.mode) ? target->path : source->path,
		    S_ISDIR(from.mode) ? source->path : target->path);
	else
		msg("%s: the mount above it is shared, so it cannot move; use --make-private there", source->path);
	return FAILED;
}

static int change_propagation(const struct fmount *f, const struct place *at)
{
	/* In the order of f->propagation, where the same four follow with MS_REC. */
	static const uint32_t kinds[] = { SHARED, SLAVE, PRIVATE, UNBINDABLE };
	char name[32];
	int err = 0;

	for (int i = 0; i < 8 && !err; i++)
		if (f->propagation[i])
			err = sys_mount("none", name_of(at, name), NULL, kinds[i % 4] | (i > 3 ? RECURSIVE : 0), NULL);
	return err ? report_unmounted(FAILED, at->path, err) : OK;
}

int bind_set_propagation(const struct fmount *f, const char *target)
{
	struct place at = { target, sys_open(target, O_PATH, 0) };
	int status;

	if (at.fd < 0)
		return msg_errno(FAILED, target, at.fd);
	status = change_propagation(f, &at);
	sys_close(at.fd);
	return status;
}

/* ---- Before Linux 5.2 ---- */

static int note_mount(const struct table_row *row, void *known)
{
	return map_add(known, row->id, 0);
}

/* Whether fd is open on the root of a mount that is not `known` and shows the source's file. */
static bool is_new_mount(const struct map *known, int fd, const struct place *source)
{
	struct sys_stat wanted, found, at;	/* Only in `at` is mount_id the mount table's; the others have the unique one. */

	return sys_statx(source->fd, "", true, &wanted) == 0 && sys_statx(fd, "", true, &found) == 0 && !found.inside
	       && sys_statx(fd, "", false, &at) == 0 && !map_find(known, at.mount_id) && found.inode == wanted.inode
	       && found.dev_major == wanted.dev_major && found.dev_minor == wanted.dev_minor;
}

/* mount(2) returns no descriptor of the new mount, and another user may make the path lead to a mount of
   root's that shows the same file. So return a descriptor only if the mount there was in no table before. */
static int bind_by_path(const struct place *source, const struct place *target, bool recursive)
{
	struct map known = { .entries = NULL };
	char from[32], to[32];
	int err = proc_mounted() ? table_each(NULL, note_mount, &known) : 0, mount;

	if (!err)
		err = sys_mount(name_of(source, from), name_of(target, to), NULL, recursive ? BIND | RECURSIVE : BIND, NULL);
	mount = err ? err : sys_open(target->path, O_PATH, 0);
	if (mount >= 0 && !is_new_mount(&known, mount, source)) {
		sys_close(mount);
		mount = -ESTALE;
	}
	/* The mount that covers the target: the open descriptor keeps what lies below it busy. Detaching could
	   take a whole tree that another process has mounted there meanwhile. */
	if (mount < 0 && !err && umount_fd(target->fd, UMOUNT_PLAIN) < 0)
		mount = STAYS;
	map_free(&known);
	return mount;
}

/* The source's descriptor is open on the mount, which stays the same mount when it moves. */
static int move_by_path(const struct place *source, const struct place *target)
{
	char from[32], to[32];
	int err = sys_mount(name_of(source, from), name_of(target, to), NULL, MOVE, NULL);

	return err ? err : sys_dup_above(source->fd, 3);
}

/* Attaches the source at the target. Returns a descriptor of the mount, or -errno. */
static int attach(const struct fmount *f, const struct place *source, const struct place *target)
{
	int mount = f->move ? sys_dup_above(source->fd, 3) : sys_clone_mount(source->fd, f->rbind);
	int err;

	if (mount >= 0 && (!f->move || f->idmap))
		remount_restrict(mount, f->list);
	err = mount < 0 ? mount : sys_move_mount(mount, target->fd);
	if (!err)
		return mount;
	if (mount >= 0)
		sys_close(mount);
	if (err != -ENOSYS)
		return err;
	return f->move ? move_by_path(source, target) : bind_by_path(source, target, f->rbind);
}

static int bind_held(struct fmount *f, const struct place *source, const struct place *target)
{
	struct place at = { target->path, attach(f, source, target) };
	int status = OK;

	if (at.fd < 0)
		return report_failed(source, target, f->move && !f->idmap, at.fd);
	if (*f->list && (status = remount_open(at.fd, at.path, f->list, f->bind || f->rbind, false)))
		umount_fd(at.fd, UMOUNT_LAZY);
	status = status ? status : change_propagation(f, &at);
	sys_close(at.fd);
	return status;
}

/* Replaces the source by a detached clone of its mount with mapped ids, which then moves to the target.
   0, or an exit status once the error is printed. */
static int map_source(struct fmount *f, struct place *source)
{
	int mount = idmap_clone(source->path, source->fd, f->idmap);

	if (mount < 0)
		return FAILED;
	sys_close(source->fd);
	source->fd = mount;
	f->bind = f->move = true;
	return 0;
}

int bind_or_move(struct fmount *f, const char *source, const char *target)
{
	struct place from = { source, -1 }, to = { target, -1 };
	int status;

	if (make_point_or_report(target, f->list, &to.fd) != 0)
		return FAILED;
	from.fd = sys_open(source, O_PATH, 0);
	if (to.fd < 0)
		to.fd = sys_open(target, O_PATH, 0);
	if (from.fd < 0)
		status = msg_errno(FAILED, source, from.fd);
	else if (to.fd < 0)
		status = msg_errno(FAILED, target, to.fd);
	else if (!f->idmap || (status = map_source(f, &from)) == 0)
		status = bind_held(f, &from, &to);
	if (from.fd >= 0)
		sys_close(from.fd);
	if (to.fd >= 0)
		sys_close(to.fd);
	return status;
}
