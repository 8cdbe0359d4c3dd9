/* mount: open /dev/fuse and attach it somewhere.
 *
 * Every function returns 0 or a descriptor, or -errno; then `why` holds one
 * line for the user, "object: reason; what to do about it", without the
 * applet's name. Nothing is left mounted or open on failure.
 */
#ifndef FUSEBOX_MOUNT_H
#define FUSEBOX_MOUNT_H

#include <stdint.h>

#include "optlist.h"
#include "out.h"
#include "sys.h"

/* A mountpoint, held by a descriptor, so that a path that changes its meaning
   meanwhile changes nothing. */
struct mountpoint {
	int under;		/* O_PATH: the directory that will be covered; the caller closes it */
	uint32_t mode;		/* S_IFDIR or S_IFREG, and permissions */
	char path[4096];	/* absolute, without symbolic links */
	struct sys_stat mounted;/* once mounted: the mount's id and device; the
				   device's minor is the number of the connection */
};

/* Opens path and finds its absolute name. -ENOTDIR: no directory. -EBUSY: a
   FUSE mount is there already. */
int mount_pin(struct mountpoint *at, const char *path, struct out *why);

/* Mounts, as the caller if that is allowed, else through the fusermount3 that
   is found in PATH. Returns the /dev/fuse descriptor (above 2, close-on-exec;
   the caller's), on which the kernel's INIT waits. options->fsname and
   options->subtype must be set. */
int mount_fuse(struct mountpoint *at, const struct optlist *options, struct out *why);

/* Asks the first of NAMES-in-PATH to mount for us: fusermount3(1) over the
   socket in _FUSE_COMMFD. Returns the descriptor it hands back. */
int commfd_mount(const struct mountpoint *at, const struct optlist *options, struct out *why);

/* Has the helper unmount path. Returns 0, or -errno. */
int commfd_unmount(const char *path, bool lazy);

/* Finds name in $PATH. Returns 0 and the path in found[size], or -ENOENT. */
int path_find(const char *name, char *found, size_t size);

#endif
