/* SPDX-License-Identifier: MIT */
/* mount: open /dev/fuse and attach it somewhere.
 *
 * Every function returns 0 or a descriptor, or -errno. On failure, `why` holds one line for the
 * user, "object: reason; what to do about it", without the applet's name, and the function leaves
 * nothing mounted or open.
 */
#ifndef FUSEBOX_MOUNT_MOUNT_H
#define FUSEBOX_MOUNT_MOUNT_H

#include <stdint.h>

#include "optlist.h"
#include "out.h"
#include "sys.h"

/* A mountpoint, pinned by a descriptor, so that a rename on its path does not redirect the mount. */
struct mountpoint {
	int under;		/* O_PATH descriptor of the directory to cover; the caller closes it */
	int top;		/* once mounted: the new mount's descriptor, which keeps it busy
				   until mount_release(); -1: none */
	int turn;		/* from turn_open(): takes the new mount's turn before any other
				   process can, until mount_release(); 0: none */
	uint32_t mode;		/* S_IFDIR or S_IFREG, and permissions */
	uid_t uid;		/* the owner of the mount */
	gid_t gid;
	struct sys_stat mounted;/* once mounted: the mount's id and device; the
				   device's minor is the number of the connection */
	char path[4096];	/* absolute, without symbolic links; the last, of which most is never touched */
};

/* Opens path as at->under and finds its absolute name; at->uid and at->gid become the real ids.
   -ENOTDIR: not a directory. -EBUSY: a FUSE mount is there already. */
int mount_pin(struct mountpoint *at, const char *path, struct out *why);

/* The options of fumount and fmount that clear the way if a dead mount is there, for messages. */
extern const char mount_clears[3], mount_replaces[22];

/* The same for a descriptor that the caller has opened at path. It belongs to at, or is closed on an
   error. */
int mount_pin_held(struct mountpoint *at, int held, const char *path, struct out *why);

/* Creates the directory path and its missing parents with `mode`. Follows a symbolic link only in a
   directory that root and the caller alone can write: through another link, its owner could have
   root create a directory anywhere. Returns an O_PATH descriptor of it, made or found, on which the
   caller mounts, since another look-up of the path could lead elsewhere; or -errno; -ELOOP: such a link. */
int mount_make_point(const char *path, mode_t mode);

/* Stores the absolute path, without symbolic links, of a descriptor's file. */
int mount_path_of(int fd, char *path, size_t size);

/* Mounts in this process if it has the privilege, else through the fusermount3 in PATH. Returns the
   /dev/fuse descriptor (above 2, close-on-exec), which the caller closes; the kernel has queued
   INIT on it. The caller sets options->fsname and options->subtype. */
int mount_fuse(struct mountpoint *at, const struct optlist *options, struct out *why);

/* The steps of mount_fuse(), for callers with their own messages. mount_log holds the kernel's log
   line beside the error, or "". */
struct mount_log { char text[160]; };

/* Mounts on at->under for the /dev/fuse descriptor `device`, with fsopen(2) and its family or, if
   these fail with ENOSYS or EPERM, with mount(2). The caller sets options->fsname. */
int mount_attach(struct mountpoint *at, const struct optlist *options, int device,
		 struct mount_log *said);
/* Detaches the mount of mount_attach() or mount_place() by descriptor, whatever is at its path
   meanwhile. Returns 0 or -errno; the caller still calls mount_release(). */
int mount_undo(const struct mountpoint *at);
/* Closes at->top and at->turn. */
void mount_release(struct mountpoint *at);
/* The two halves of mount_attach(), without mount(2). mount_create() returns the close-on-exec
   descriptor of a detached mount. mount_place() attaches it at at->under and takes the descriptor:
   it is at->top if the result is 0, and closed otherwise. */
int mount_create(const struct mountpoint *at, const struct optlist *options, int device,
		 struct mount_log *said);
int mount_place(struct mountpoint *at, int mount);

/* Whether the kernel has this type of file system, which a module may still add: 1, 0, or -ENODATA if
   /proc/filesystems cannot be read. */
int mount_kernel_has(const char *type);

/* Returns the fault and the advice for the user if /dev/fuse is not the device but, for example, a
   directory or a file; NULL if it is the device, or does not exist. */
const char *mount_device_fault(void);

/* Advice for the user when opening /dev/fuse fails, or NULL. */
const char *mount_device_advice(int negative_errno);

/* Runs the first fusermount3(1) in PATH, which mounts and sends the /dev/fuse descriptor over the
   socket in _FUSE_COMMFD. Returns that descriptor, which the caller closes. */
int commfd_mount(const struct mountpoint *at, const struct optlist *options, struct out *why);

/* Unmounts the mount at->mounted, if it is still at its path, with umount_known() or, without the
   privilege, through the helper. how: UMOUNT_LAZY or UMOUNT_ABORT. Returns 0 or -errno. */
int commfd_umount_known(const struct mountpoint *at, int how);

/* As commfd_umount_known(at, UMOUNT_LAZY), but waits for a second at most: the path can lead through another
   FUSE mount whose server does not answer, and the helper waits for that, too. -ETIMEDOUT: a child still tries. */
int commfd_detach_soon(const struct mountpoint *at);

/* A plain unmount of the mount at->mounted, if it is still in its directory, or through the helper. The working
   directory becomes "/". Returns 0 or -errno; -EAGAIN: another user can change names in that directory, so
   that root has to detach the mount by its descriptor. */
int commfd_umount_in_parent(const struct mountpoint *at);

/* Runs the helper to unmount path. Returns 0 or -errno. */
int commfd_unmount(const char *path, bool lazy);

#endif
