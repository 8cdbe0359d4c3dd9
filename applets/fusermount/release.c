/* release: how the helper unmounts. See helper.h.
 *
 * umount2(2) without MNT_DETACH takes no descriptor on the mount, which would keep it busy.
 * So the plain unmount goes by the mountpoint's name in the directory that the process is
 * in, and first makes sure that the name can mean no other mount:
 *
 * - The mount goes away beneath the name: another helper unmounts it. All take turns.
 * - Another mountpoint gets the name: a mountpoint can be renamed from another mount
 *   namespace. Those that the caller could rename are held open, hence busy.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "helper.h"
#include "raise.h"
#include "sys/priv.h"
#include "sys.h"
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

/* Raises in the mount's turn. Only who cannot be stopped by a signal has it: a caller could keep
   it for as long as he likes, and the device's number may be another mount's by then. The wait
   is the caller's, who may end it. */
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

int helper_detach(struct helper *h, int fd)
{
	int err = helper_open_turn(h);

	if (!err)
		err = raise_in_turn(h);
	if (!err) {
		err = umount_fd(fd, UMOUNT_LAZY);
		helper_lower();
	}
	sys_close(fd);
	mount_release(&h->at);
	return err;
}

/* Where the mountpoint is. */
struct place {
	uint64_t mount;		/* the mount that the directory is in */
	const char *path;	/* of the mountpoint */
	bool stacked;		/* the mountpoint itself is the root of a mount */
	bool served;		/* the directory is in a file system that a user serves */
	size_t prefix;		/* length of the path of that mount's root */
	int top;		/* that root */
	int bare;		/* the same, without the mounts below; -1: the kernel cannot */
};

/* By path, since the process is below it; and then it must be the same mount. */
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
		place->served = table_is_fuse(&row) && table_owner(&row) != 0;
		if (!h->root && !place->served)
			err = open_top(place, row.mountpoint);
	}
	if (dir >= 0)
		sys_close(dir);
	return err;
}

/* Whether the caller may rename, or allow themselves to rename, an entry of dir, which was
   opened as fd, or could not be: -errno. */
static bool may_rename_in(int dir, int fd)
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

/* Opens the first part of a path. -EXDEV: a mount hides the rest of it, whose server, if it
   has one, is not asked. */
static int open_part(const struct place *place, int dir, const char *path)
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

/* Whether that is so of a mountpoint or of any directory on the way to it, from the mount's
   root on. Else nothing that the caller does, not even closing a directory of their own for a
   moment, decides where the way leads. */
static bool may_rename(const struct place *place, const char *path)
{
	int top = place->bare >= 0 ? place->bare : place->top, dir = top;
	bool may = false;

	for (path += place->prefix; *path && dir >= 0 && !may; path += strcspn(path, "/")) {
		int fd = open_part(place, dir, ++path);

		may = may_rename_in(dir, fd);
		if (dir != top)
			sys_close(dir);
		dir = fd;
	}
	if (dir >= 0 && dir != top)
		sys_close(dir);
	return may;
}

/* A user can move their mount to a path that nobody can open, and must not keep others from
   unmounting by that. */
static bool is_users_deep(const struct table_row *row)
{
	enum { LONGEST = 4096 };

	return strlen(row->mountpoint) >= LONGEST && table_is_fuse(row) && table_owner(row) > 0;
}

/* Opens what is on top at a neighbour's mountpoint. -EXDEV: another mount hides it. */
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

/* Keeps a mount busy until this process ends, if its mountpoint could get the name. */
static int hold_neighbour(const struct table_row *row, void *data)
{
	const struct place *place = data;
	struct sys_stat st;
	int fd;

	if (row->parent != place->mount || strcmp(row->mountpoint, place->path) == 0
	    || strlen(row->mountpoint) <= place->prefix + 1 || is_users_deep(row)
	    || !may_rename(place, row->mountpoint))
		return 0;
	fd = open_neighbour(place, row->mountpoint);
	/* A hidden one cannot be held. That of a user had to be where that user may write: if it
	   can be renamed it can be removed, which ends it all the same. */
	if (fd == -EXDEV && table_is_fuse(row) && table_owner(row) > 0)
		return 0;
	if (fd < 0)
		return fd;
	/* On top of it may be a mount of the caller's, which goes when the caller likes. */
	return sys_statx(fd, "", false, &st) == 0 && st.mount_id == row->id ? 0 : -EBUSY;
}

/* The table is older than what is opened by it: others mount and unmount meanwhile. */
static int hold_neighbours(struct place *place)
{
	int err, tries = 5;

	helper_raise(false);
	place->bare = sys_clone_mount(place->top);
	helper_lower();
	do
		err = table_each(NULL, hold_neighbour, place);
	while ((err == -ENOENT || err == -EBUSY) && --tries > 0);
	return err;
}

static int make_sure(struct helper *h, struct place *place, const char **why)
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

int helper_unmount(struct helper *h, int fd, const char **why)
{
	struct place place = { .path = h->at.path };
	int err = find_place(h, fd, &place);

	sys_close(fd);
	if (!err)
		err = make_sure(h, &place, why);
	if (!err)
		err = raise_in_turn(h);
	if (!err) {
		err = umount_known(h->name, &h->at.mounted, UMOUNT_PLAIN);
		helper_lower();
	} else if (err == -ETIMEDOUT) {
		*why = "somebody else is unmounting it, or has stopped at that; use -z later";
	}
	mount_release(&h->at);
	return err;
}
