/* SPDX-License-Identifier: MIT */
/* helper: mount and unmount FUSE for a caller without the privilege to do so.
 *
 * The set-uid process runs with the caller's rights, and has root's only between helper_raise()
 * and helper_lower(). Messages are those of libfuse's helper, which programs compare. Functions
 * return 0, or 1 once they have printed the error. A function with a `why` returns 0, or
 * another value once it has printed the error or left the message in `why`.
 */
#ifndef FUSEBOX_FUSERMOUNT_HELPER_H
#define FUSEBOX_FUSERMOUNT_HELPER_H

#include <stdbool.h>

#include "mount/mount.h"
#include "optlist.h"
#include "out.h"
#include "mount/policy.h"

struct helper {
	bool root;		/* the caller is root, whom the policy does not bind */
	bool auto_unmount;	/* -o auto_unmount */
	char *list;		/* the argument of -o; NULL: none */
	int socket, device;	/* the descriptors of the socket to the peer, and of /dev/fuse */
	const char *name;	/* the mountpoint's last component, in the working directory */
	struct policy policy;
	struct optlist mount;
	struct mountpoint at;
};

/* Changes to the directory that holds the mountpoint at path, and sets h->name and h->at.path.
   From then on the helper looks up no more than that last component, so that nobody can swap the
   names on the path. */
int helper_enter(struct helper *h, const char *path);

/* Sets h->socket to that of --comm-fd or _FUSE_COMMFD, once it is shown to be a socket. */
int helper_find_socket(struct helper *h);

/* With the caller's rights, opens /dev/fuse and the mountpoint, and checks policy and options. */
int helper_prepare(struct helper *h, struct out *why);

/* Mounts, and sends the /dev/fuse descriptor to the peer. Closes h->device in any case. */
int helper_mount(struct helper *h, struct out *why);

/* --sync-init: sends the descriptor first, so that the server can answer INIT while this process
   mounts; waits for one byte from the server; mounts; and sends the result as an int32, 0 or
   -errno. */
int helper_mount_when_told(struct helper *h, struct out *why);

/* Waits until the server has closed its end of the socket, and then detaches this mount and no
   other, not even another mount of the same user. */
int helper_watch(struct helper *h);

/* Whether fd is on a FUSE mount of the caller's, or any FUSE mount if the caller is root; and, with a
   path (NULL: any), mounted there. */
bool helper_owns(const struct helper *h, int fd, const char *path);

/* Opens the top mount at h->name if it is still h->at.mounted, and the caller's. Returns an O_PATH
   descriptor, which the caller closes, or -errno: -ESTALE if another mount, or none, is there now. */
int helper_open_known(const struct helper *h);

/* Opens the file of turn_open() as h->at.turn, or sets it to 0 if no directory is fit for it. The
   caller closes it by mount_release(), and is not raised. 0 or -errno. */
int helper_open_turn(struct helper *h);

/* Detaches the mount h->at.mounted, which fd is open on. Closes fd. 0 or -errno. */
int helper_detach(struct helper *h, int fd);

/* Unmounts the same mount without MNT_DETACH, by h->name. Closes fd. 0 or -errno: -EBUSY if the
   mount is busy, or if the name could lead to another mount or to a server that need not answer;
   `why` then names the alternative. */
int helper_unmount(struct helper *h, int fd, const char **why);

/* Runs the applet, by either of its names. Returns the exit status. */
int fusermount_main(char **argv);

/* The rest is for helper.c and sync_init.c. */
/* Sends data and fd (-1: none) to the peer, with the caller's uid. 0 or -errno. */
int helper_send(const struct helper *h, const void *data, size_t size, int fd);
/* Called once mounted, and while shielded: checks mount_max again, since other helpers may have
   mounted meanwhile, and calls hand_over(), which sends to the peer. Undoes the mount if either
   fails. 0 or -errno. */
int helper_keep(struct helper *h, int (*hand_over)(struct helper *), struct out *why);
/* Adds the message for a mount that failed with err to `why`; kernel: the kernel's reason, or "". */
void helper_mount_failed(const struct helper *h, int err, const char *kernel, struct out *why);

#endif
