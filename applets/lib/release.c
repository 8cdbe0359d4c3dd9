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
#include "priv.h"
#include "sys.h"
#include "table.h"
#include "turn.h"
#include "umount.h"

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

/* The wait is the caller's, who may end it. */
static int take_turn(struct helper *h)
{
	int err = helper_open_turn(h);

	return err || !h->at.turn ? err : turn_take(h->at.turn, &h->at.mounted);
}

int helper_detach(struct helper *h, int fd)
{
	int err = take_turn(h);

	if (!err) {
		helper_raise(true);
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
};

static int find_place(int fd, struct place *place)
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
	}
	if (dir >= 0)
		sys_close(dir);
	return err;
}

/* Whether the caller may rename, or allow themselves to rename, what is at a path. */
static bool may_rename(const char *path)
{
	char dir[4096];
	size_t len = (size_t)(strrchr(path, '/') - path);
	struct sys_stat st;
	bool may;
	int fd;

	if (len >= sizeof(dir) - 1)
		return true;
	memcpy(dir, path, len + 1);
	dir[len + 1] = '\0';
	fd = sys_open(dir, O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return fd != -EACCES;
	may = sys_statx(fd, "", true, &st) != 0 || st.uid == sys_getuid() || sys_access(fd, 2 /* W_OK */) == 0;
	sys_close(fd);
	return may;
}

/* A user can move their mount to a path that nobody can open, and must not keep others from
   unmounting by that. */
static bool is_users_deep(const struct table_row *row)
{
	enum { LONGEST = 4096 };

	return strlen(row->mountpoint) >= LONGEST && table_is_fuse(row) && table_owner(row) > 0;
}

/* Keeps a mount busy until this process ends, if its mountpoint could get the name. */
static int hold_neighbour(const struct table_row *row, void *data)
{
	const struct place *place = data;
	struct sys_stat st;
	int fd;

	if (row->parent != place->mount || strcmp(row->mountpoint, place->path) == 0
	    || is_users_deep(row) || !may_rename(row->mountpoint))
		return 0;
	fd = sys_open(row->mountpoint, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	return sys_statx(fd, "", false, &st) == 0 && st.mount_id == row->id ? 0 : -EBUSY;
}

static int make_sure(struct helper *h, const struct place *place, const char **why)
{
	int err = take_turn(h);

	if (place->served && !h->root) {
		*why = "its directory is served by FUSE itself; use -z";
		return -EBUSY;
	}
	if (!err && !h->at.turn && place->stacked) {
		*why = "it covers another mount, and neither /run nor /dev is root's alone; use -z";
		return -EBUSY;
	}
	if (err == -ETIMEDOUT)
		*why = "somebody else is unmounting it, or has stopped at that; use -z later";
	return err || h->root ? err : table_each(NULL, hold_neighbour, (void *)place);
}

int helper_unmount(struct helper *h, int fd, const char **why)
{
	struct place place = { .path = h->at.path };
	int err = find_place(fd, &place);

	sys_close(fd);
	if (!err)
		err = make_sure(h, &place, why);
	if (!err) {
		helper_raise(true);
		err = umount_known(h->name, &h->at.mounted, UMOUNT_PLAIN);
		helper_lower();
	}
	mount_release(&h->at);
	return err;
}
