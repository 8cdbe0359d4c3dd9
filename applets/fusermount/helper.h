/* helper: what fusermount3 does for somebody who may not mount.
 *
 * Set-uid root, the process has the caller's rights, and takes root's only from
 * helper_raise() to helper_lower(). Messages are the words that programs know
 * from libfuse's helper. Functions return 0, or 1 when it was said what is wrong,
 * unless they have a `why`: then 0 or -errno, and it is left to be said.
 */
#ifndef FUSEBOX_FUSERMOUNT_HELPER_H
#define FUSEBOX_FUSERMOUNT_HELPER_H

#include <stdbool.h>

#include "mount/mount.h"
#include "optlist.h"
#include "out.h"
#include "mount/policy.h"

struct helper {
	bool root;		/* so is the caller, who may do what he likes */
	bool auto_unmount;	/* asked for as an option */
	char *list;		/* of -o; NULL: none */
	int socket, device;	/* of the peer; of the connection */
	const char *name;	/* the mountpoint's last component: the process is in its parent */
	struct policy policy;
	struct optlist mount;
	struct mountpoint at;
};

/* Goes into the parent of the mountpoint at path, once: from then on a single
   name is looked up, and never followed. */
int helper_enter(struct helper *h, const char *path);

/* Finds the socket that the caller speaks of. */
int helper_find_socket(struct helper *h);

/* Opens and checks everything, as the caller. */
int helper_prepare(struct helper *h, struct out *why);

/* Mounts, and sends the descriptor. */
int helper_mount(struct helper *h, struct out *why);

/* --sync-init: sends the descriptor, so that the server can answer INIT while
   it is mounted; waits for the one byte that is the word to do it, and sends the
   int32 that says how it went, 0 or -errno. */
int helper_mount_when_told(struct helper *h, struct out *why);

/* Waits for the end of the server, which holds the other end of the socket, and
   detaches this mount, and no other, not even one of the same user's. */
int helper_watch(struct helper *h);

/* Opens what turns are taken by (turn.h), as h->at.turn, or 0 where there is no place for
   it. 0 or -errno. Not while raised. */
int helper_open_turn(struct helper *h);

/* Detaches the mount h->at.mounted, which fd is on; closes fd. 0 or -errno. */
int helper_detach(struct helper *h, int fd);

/* Unmounts the same plainly, by its name, or says by `why` how it can be done else where the
   name could lead elsewhere, or to a server that need not answer. 0, -EBUSY, -errno. */
int helper_unmount(struct helper *h, int fd, const char **why);

/* For those: */
/* Sends to the peer, as the caller; fd -1: no descriptor. 0 or -errno. */
int helper_send(const struct helper *h, const void *data, size_t size, int fd);
/* The mount is there. Keeps it if it is allowed still, now that it counts, and
   if the peer takes what hand_over owes it; else takes it away. While shielded. */
int helper_keep(struct helper *h, int (*hand_over)(struct helper *), struct out *why);
void helper_mount_failed(const struct helper *h, int err, const char *kernel, struct out *why);

#endif
