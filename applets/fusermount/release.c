/* SPDX-License-Identifier: MIT */
/* release: unmount and detach in the helper. See helper.h.
 *
 * A plain umount2(2) cannot name the mount by a descriptor, since a descriptor keeps the mount
 * busy. It takes the mountpoint's name in the working directory instead, so the helper first
 * ensures that the name cannot lead to another mount:
 *
 * - Another helper could unmount this mount first, which uncovers the mount below it. Helpers
 *   therefore unmount the same mount in turns (turn.h).
 * - A process in another mount namespace could rename another mountpoint to this name. The helper
 *   therefore keeps every mount whose mountpoint the caller could rename open, hence busy.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "helper.h"
#include "raise.h"
#include "sys/priv.h"
#include "sys.h"
#include "mount/statmount.h"
#include "mount/table.h"
#include "mount/turn.h"
#include "mount/umount.h"

int helper_open_turn(struct helper *h)
{
	int err;

	helper_raise(false);
	err = priv_open_as_root();
	h->at.turn = err ? err : turn_open();
	helper_lower();
	err = h->at.turn;
	if (err < 0)
		h->at.turn = 0;
	return err < 0 && err != -ENOENT ? err : 0;
}

/* Raise, and take the mount's turn. Take it only while shielded: otherwise the caller could stop
   the process and keep the turn, even after the device number belongs to another mount. Wait for
   the turn unshielded, so that the caller can interrupt. */
static int raise_in_turn(struct helper *h)
{
	enum { PATIENCE_MS = 10 * 1000, PAUSE_MS = 20 };

	for (int waited = 0;; waited += PAUSE_MS) {
		int err;

		helper_raise(true);
		err = h->at.turn ? turn_try(h->at.turn, &h->at.mounted) : 0;
		if (!err)
			return 0;
		helper_lower();
		if (err != -EAGAIN || waited >= PATIENCE_MS)
			return err == -EAGAIN ? -ETIMEDOUT : err;
		sys_sleep_ms(PAUSE_MS);
	}
}

/* End the turn while still shielded: otherwise the caller could stop the process in between, as above. */
static void lower_after_turn(struct helper *h)
{
	mount_release(&h->at);
	helper_lower();
}

struct cover { uint64_t mount; const char *path; size_t len; };

/* Matches a mount on `mount` that is not below a directory of it. */
static int is_cover(const struct table_row *row, void *data)
{
	const struct cover *c = data;

	return row->parent == c->mount
	       && (strncmp(row->mountpoint, c->path, c->len) != 0 || row->mountpoint[c->len] != '/');
}

/* -EBUSY if another mount covers that of fd, which is `mounted`: umount2(2) would detach the cover. The caller may have
   stopped this process, for hours, since it looked what is on top. */
static int check_uncovered(const struct sys_stat *mounted, int fd)
{
	static char path[4096];
	struct table_row row;
	struct cover c = { .path = path };
	int err = table_of_fd(fd, &row, false);

	if (err)
		return err;
	c.mount = row.id;
	c.len = strlen(row.mountpoint);
	if (c.len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, row.mountpoint, c.len + 1);
	err = mounted->unique_id ? statmount_each_below(mounted->mount_id, is_cover, &c) : -ENOSYS;
	if (err < 0)
		err = table_each(NULL, is_cover, &c);
	/* The caller may have renamed a directory on the path meanwhile, so that the cover's looked like one below. */
	if (!err)
		err = table_of_fd(fd, &row, false);
	return err > 0 || (!err && strcmp(row.mountpoint, path) != 0) ? -EBUSY : err;
}

int helper_detach(struct helper *h, int fd)
{
	int err = helper_open_turn(h);

	if (!err)
		err = raise_in_turn(h);
	if (!err) {
		err = check_uncovered(&h->at.mounted, fd);
		if (!err)
			err = umount_fd(fd, UMOUNT_LAZY);
		lower_after_turn(h);
	}
	sys_close(fd);
	mount_release(&h->at);
	return err;
}

/* The mountpoint's surroundings. */
struct place {
	uint64_t mount;		/* id of the mount that holds the working directory */
	const char *path;	/* the mountpoint's path */
	bool stacked;		/* the mountpoint is itself the root of another mount */
	bool part;		/* `mount` shows a part of its file system */
	bool served;		/* the working directory is on a FUSE mount of an ordinary user */
	size_t prefix;		/* length of the path of the root of `mount` */
	int top;		/* O_PATH descriptor of that root */
	int bare;		/* of a clone of it, without the mounts on it; -1: not supported */
	int tries;		/* left, for hold_neighbours() */
};

/* Open the root by path, since the working directory is below it, and check that it is `mount`. */
static int open_top(struct place *place, const char *path)
{
	struct sys_stat st;

	place->prefix = strcmp(path, "/") == 0 ? 0 : strlen(path);
	place->top = sys_open(path, O_PATH | O_DIRECTORY, 0);
	if (place->top < 0)
		return place->top;
	return sys_statx(place->top, "", false, &st) == 0 && st.mount_id == place->mount ? 0 : -EBUSY;
}

static int find_place(const struct helper *h, int fd, struct place *place)
{
	int dir = sys_open(".", O_PATH | O_DIRECTORY, 0), err;
	uint64_t parent = 0;
	struct table_row row;

	err = dir < 0 ? dir : table_of_fd(fd, &row, false);
	if (!err) {
		parent = row.parent;
		err = table_of_fd(dir, &row, true);
	}
	if (!err) {
		place->mount = row.id;
		place->stacked = parent != row.id;
		place->part = strcmp(row.root, "/") != 0;
		place->served = table_is_fuse(&row) && table_owner(&row) != 0;
		if (!h->root && !place->served)
			err = open_top(place, row.mountpoint);
	}
	if (dir >= 0)
		sys_close(dir);
	return err;
}

/* Whether the caller may rename the entry of dir that is open as fd (or -errno), or may give
   themselves that permission as the owner of dir. */
static bool can_rename_in(int dir, int fd)
{
	struct sys_stat st, entry;

	if (sys_statx(dir, "", true, &st) != 0 || st.uid == sys_getuid())
		return true;
	if (fd < 0)
		return fd != -EACCES;
	if (sys_access(dir, 2 /* W_OK */) != 0)
		return false;
	return !(st.mode & 01000 /* S_ISVTX */) || sys_statx(fd, "", true, &entry) != 0
	       || entry.uid == sys_getuid();
}

/* Open the first component of path. -EXDEV: a mount covers it, and a lookup below would ask that
   mount's server. */
static int open_component(const struct place *place, int dir, const char *path)
{
	size_t len = strcspn(path, "/");
	struct sys_stat st;
	char name[256];
	int fd;

	if (len >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, path, len);
	name[len] = '\0';
	fd = sys_openat(dir, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || !path[len] || place->bare >= 0
	    || (sys_statx(fd, "", false, &st) == 0 && st.mount_id == place->mount))
		return fd;
	sys_close(fd);
	return -EXDEV;
}

/* Whether the caller may rename the mountpoint at path or a directory on the path, from the root of
   the mount on. If not, the caller cannot change where the path leads, not even by removing the
   permissions of a directory of their own for a moment. */
static bool can_rename(const struct place *place, const char *path)
{
	int top = place->bare >= 0 ? place->bare : place->top, dir = top;
	bool may = false;

	for (path += place->prefix; *path && dir >= 0 && !may; path += strcspn(path, "/")) {
		int fd = open_component(place, dir, ++path);

		may = can_rename_in(dir, fd);
		if (dir != top)
			sys_close(dir);
		dir = fd;
	}
	if (dir >= 0 && dir != top)
		sys_close(dir);
	return may;
}

/* Open the mount on top at another mountpoint. -EXDEV: a mount covers a directory on the path. */
static int open_neighbour(const struct place *place, const char *path)
{
	enum { FLAGS = O_PATH | O_DIRECTORY };
	const char *from = path + place->prefix + 1, *name = strrchr(path, '/') + 1;
	size_t len = name > from ? (size_t)(name - from) : 0;
	char parent[4096];
	struct sys_stat st;
	int dir, fd;

	if (len >= sizeof(parent) - 1)
		return -ENAMETOOLONG;
	memcpy(parent, from, len);
	memcpy(parent + len, ".", 2);
	dir = sys_openat2(place->top, parent, FLAGS, RESOLVE_SAME_MOUNT | RESOLVE_NO_LINKS);
	if (dir == -ENOSYS || dir == -EPERM)
		dir = sys_openat(place->top, parent, FLAGS, 0);
	if (dir < 0)
		return dir;
	fd = sys_statx(dir, "", false, &st) == 0 && st.mount_id == place->mount
	     ? sys_openat(dir, name, O_PATH | O_NOFOLLOW, 0) : -EXDEV;
	sys_close(dir);
	return fd;
}

static bool is_users(const struct table_row *row)
{
	return table_is_fuse(row) && table_owner(row) != 0;
}

/* If the caller could rename a mountpoint, keep its mount open, and so busy, until this process
   exits. */
static int hold_neighbour(const struct table_row *row, void *data)
{
	const struct place *place = data;
	struct sys_stat st;
	int fd;

	if (row->parent == place->mount && !*row->mountpoint)
		return is_users(row) ? 0 : -EBUSY;
	if (row->parent != place->mount || strcmp(row->mountpoint, place->path) == 0
	    || strlen(row->mountpoint) <= place->prefix + 1 || !can_rename(place, row->mountpoint))
		return 0;
	fd = open_neighbour(place, row->mountpoint);
	/* fd may be on a mount of the caller stacked on it, which the caller can unmount any time. */
	if (fd >= 0 && (sys_statx(fd, "", false, &st) != 0 || st.mount_id != row->id))
		fd = -EBUSY;
	/* A mountpoint that is covered, too deep, or renamed all the time cannot be opened. Ignore that of a
	   user, lest it keep others from unmounting: users mount only where they may write, and
	   whoever could rename the mountpoint could remove it, which detaches the mount as well. */
	if (fd < 0 && is_users(row) && (place->tries == 1 || fd == -EXDEV || fd == -ENAMETOOLONG))
		return 0;
	return fd < 0 ? fd : 0;
}

/* Retry: processes mount and unmount while the mount table is read. If a directory is moved out of the
   part of a file system that a bind mount shows, mountinfo leaves out the mounts below it; listmount(2)
   (Linux 6.8) does not. */
static int hold_neighbours(struct place *place)
{
	int err;

	place->tries = 5;
	helper_raise(false);
	place->bare = sys_clone_mount(place->top, false);
	helper_lower();
	do {
		err = place->part ? statmount_each(hold_neighbour, place) : -ENOSYS;
		if (err == -ENOSYS || err == -EPERM)
			err = table_each(NULL, hold_neighbour, place);
	} while (err && --place->tries > 0);
	return err;
}

static int protect_name(struct helper *h, struct place *place, const char **why)
{
	int err = helper_open_turn(h);

	if (place->served && !h->root) {
		*why = "its directory is served by FUSE itself; use -z";
		return -EBUSY;
	}
	if (!err && !h->at.turn && place->stacked) {
		*why = "it covers another mount, and neither /run nor /dev is root's alone; use -z";
		return -EBUSY;
	}
	if (!err && !h->root) {
		err = hold_neighbours(place);
		if (err)
			*why = "another mount, which you could rename, cannot be kept from getting its name; use -z";
	}
	return err;
}

/* Hold a clone of the mount until the process exits: that does not make the mount busy, but keeps its device
   number. A caller can make the lookup in the turn wait, by a lock on a directory of their own, and
   the turn must not become that of another user's mount meanwhile. open_tree(2) is missing before
   Linux 5.2 (ENOSYS) and forbidden in some containers (EPERM). */
static int keep_number(int fd)
{
	int clone;

	helper_raise(false);
	clone = sys_clone_mount(fd, false);
	helper_lower();
	return clone >= 0 || clone == -ENOSYS || clone == -EPERM ? 0 : clone;
}

static int unmount_in_turn(const struct helper *h)
{
	int fd = helper_open_known(h);

	if (fd < 0)
		return fd;
	sys_close(fd);
	return umount_known(h->name, &h->at.mounted, UMOUNT_PLAIN);
}

int helper_unmount(struct helper *h, int fd, const char **why)
{
	struct place place = { .path = h->at.path };
	int err = find_place(h, fd, &place);

	if (!err)
		err = keep_number(fd);
	sys_close(fd);
	if (!err)
		err = protect_name(h, &place, why);
	if (!err)
		err = raise_in_turn(h);
	if (!err) {
		err = unmount_in_turn(h);
		lower_after_turn(h);
	} else if (err == -ETIMEDOUT) {
		*why = "another helper is unmounting it, or was stopped at that; use -z later";
	}
	mount_release(&h->at);
	return err;
}
