/* fmount: what its parts share. The parts that do more than to mount and run are
 * files of their own, and a small build leaves them out. */
#ifndef FUSEBOX_FMOUNT_FMOUNT_H
#define FUSEBOX_FMOUNT_FMOUNT_H

#include <stdbool.h>

#include "launch/launch.h"
#include "mount/mount.h"
#include "opt.h"

struct fmount {
	/* Run */
	const char *type, *source;
	char list[4096];		/* all of -o, joined */
	struct opt_set collect;		/* into list */
	struct launch launch;
	int clones, timeout;
	const char *fd_socket;
	bool wait, root_daemon, auto_unmount, replace_stale;
	/* The other parts */
	bool userns, check, json;
	bool all, bind, rbind, move;
	const char *option_filter, *fstab;
	bool propagation[8];		/* --make-shared … --make-runbindable, as in fmount.c */
};

/* The parts; each returns the exit status. */
#define FMOUNT_PART __attribute__((weak))
/* --userns: enters a user and a mount namespace; 0, or 1 when it was said why not.
   All that follows, /dev/fuse's opening above all, is done inside. */
int fmount_userns(void) FMOUNT_PART;
/* There, for the command: a child, as sys_fork(), which ends with this process. */
int fmount_userns_fork(void) FMOUNT_PART;
/* Waits for it, passing signals on, and ends what it left behind: its exit status. Closes all
   descriptors above 2 first. */
int fmount_userns_wait(int child) FMOUNT_PART;
/* --check [MOUNTPOINT] */
int fmount_check(const struct fmount *f, const char *mountpoint) FMOUNT_PART;
/* As mount(8) is called, without "--". */
int fmount_like(struct fmount *f, char **operands) FMOUNT_PART;

#endif
