/* mount: open /dev/fuse and attach it somewhere.
 *
 * Every function returns 0 or a descriptor, or -errno. Where there is a `why`,
 * it then holds one line for the user, "object: reason; what to do about it",
 * without the applet's name. Nothing is left mounted or open on failure.
 */
#ifndef FUSEBOX_MOUNT_MOUNT_H
#define FUSEBOX_MOUNT_MOUNT_H

#include <stdint.h>

#include "optlist.h"
#include "out.h"
#include "sys.h"

/* A mountpoint, held by a descriptor, so that a path that changes its meaning
   meanwhile changes nothing. */
struct mountpoint {
	int under;		/* O_PATH: the directory that will be covered; the caller closes it */
	int top;		/* once mounted: on the new mount, which it keeps busy until
				   mount_release(); -1: none */
	int turn;		/* of turn_open(), to take the new mount's turn before anybody
				   else can, until mount_release(); 0: none */
	uint32_t mode;		/* S_IFDIR or S_IFREG, and permissions */
	uid_t uid;		/* who the mount will belong to */
	gid_t gid;
	char path[4096];	/* absolute, without symbolic links */
	struct sys_stat mounted;/* once mounted: the mount's id and device; the
				   device's minor is the number of the connection */
};

/* Opens path and finds its absolute name; the mount will be the process's real
   user's. -ENOTDIR: no directory. -EBUSY: a FUSE mount is there already. */
int mount_pin(struct mountpoint *at, const char *path, struct out *why);

/* Makes the directory path, and those on the way to it, with `mode`. Follows a symbolic link
   only where nobody but root and the caller can write: else another user could have root
   make a directory anywhere. 0, also if it exists, or -errno: -ELOOP: such a link. */
int mount_make_point(const char *path, mode_t mode);

/* The absolute path, without symbolic links, of what a descriptor holds. */
int mount_path_of(int fd, char *path, size_t size);

/* Mounts, as the caller if that is allowed, else through the fusermount3 that
   is found in PATH. Returns the /dev/fuse descriptor (above 2, close-on-exec;
   the caller's), on which the kernel's INIT waits. options->fsname and
   options->subtype must be set. */
int mount_fuse(struct mountpoint *at, const struct optlist *options, struct out *why);

/* The steps of it, for who wants to say the errors in his own words. What the
   kernel said beside the error, or "": */
struct mount_said { char text[160]; };

/* Mounts on at->under for the /dev/fuse descriptor `device`; options->fsname
   must be set. By fsopen(2) and its family, else by mount(2). */
int mount_attach(struct mountpoint *at, const struct optlist *options, int device,
		 struct mount_said *said);
/* Takes away what mount_attach() or mount_place() mounted, by no name, and whatever came to
   stand at the path meanwhile: 0 or -errno. Then, or else: closes at->top and at->turn. */
int mount_undo(const struct mountpoint *at);
void mount_release(struct mountpoint *at);
/* The two halves of that with the new calls alone: a mount that is nowhere yet
   (its descriptor; close-on-exec), and its place, which takes the descriptor, as at->top
   when it returns 0. */
int mount_create(const struct mountpoint *at, const struct optlist *options, int device,
		 struct mount_said *said);
int mount_place(struct mountpoint *at, int mount);

/* What to do when /dev/fuse cannot be opened, or NULL. */
const char *mount_device_advice(int negative_errno);

/* Asks the first of NAMES-in-PATH to mount for us: fusermount3(1) over the
   socket in _FUSE_COMMFD. Returns the descriptor it hands back. */
int commfd_mount(const struct mountpoint *at, const struct optlist *options, struct out *why);

/* Unmounts what was mounted at `at`, if it is that still, as umount_known(); through
   the helper where this process may not. how: an enum umount_how. */
int commfd_umount_known(const struct mountpoint *at, int how);

/* Has the helper unmount path. Returns 0, or -errno. */
int commfd_unmount(const char *path, bool lazy);

#endif
