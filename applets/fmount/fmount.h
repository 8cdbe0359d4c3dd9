/* SPDX-License-Identifier: MIT */
/* fmount: what its source files share. All but mounting and running a program is in files of its
 * own, which a small build leaves out. */
#ifndef FUSEBOX_FMOUNT_FMOUNT_H
#define FUSEBOX_FMOUNT_FMOUNT_H

#include <stdbool.h>

#include "launch/launch.h"
#include "mount/mount.h"
#include "opt.h"

struct fmount {
	/* MOUNTPOINT -- PROGRAM */
	const char *type, *source;
	struct opt_set collect, read_only;	/* append an argument of -o, or "ro" for -r, to `list` */
	struct launch launch;
	int clones, timeout;
	const char *fd_socket;
	bool wait, root_daemon, auto_unmount, replace_stale, beneath;
	const char *keep;		/* --keep[=direct|relay]; "": direct; NULL: not given */
	bool relay;			/* --keep=relay */
	int keep_tries;
	/* options that only the optional source files use */
	bool userns, check, json, verbose, ignored, dry_run;
	const char *reattach;		/* --reattach=OLD; "": find the old mount; NULL: not given */
	bool all, bind, rbind, move;
	const char *idmap;		/* --idmap=MAP; NULL: not given */
	const char *option_filter, *fstab;
	bool propagation[8];		/* --make-shared … --make-runbindable, as in fmount.c */
	char list[4096];		/* the arguments of all -o, joined by commas; the last, of which most is never touched */
};

/* The optional parts, NULL in a small build. Each returns an exit status unless it says otherwise. */
#define FMOUNT_PART __attribute__((weak))
/* --userns: moves this process into new user and mount namespaces, before /dev/fuse is opened. 0, or
   1 once it has printed the error. */
int fmount_userns(void) FMOUNT_PART;
/* Returns 0 in a child, for the command; -errno in this process. Else this process forwards signals to
   the child, waits, and exits with its status. The child's processes end with it, and when this process
   is killed. */
int fmount_userns_run(void) FMOUNT_PART;
/* --check [MOUNTPOINT] */
int fmount_check(const struct fmount *f, const char *mountpoint) FMOUNT_PART;
/* --keep: runs the server, and the next one when it ends in any way but by the unmount. `exec`
   executes it, in a child. Returns the exit status once nothing is mounted any more. */
int fmount_keep(const struct fmount *f, const struct mountpoint *at, int device, char **argv,
		int (*exec)(const struct fmount *f, char **argv)) FMOUNT_PART;
/* Whether a service manager has stored the mount at `where` for the keeper before this one, which was killed: returns
   /dev/fuse, and at->path and at->mounted are set; or -1. relay: closes what is stored, and returns -1. */
int fmount_keep_stored(struct mountpoint *at, const char *where, bool relay) FMOUNT_PART;
/* In that child, before it executes the program: the kernel kills it when the keeper ends. 0, or 1 if
   the keeper has ended already. */
int fmount_die_with_keeper(void) FMOUNT_PART;
/* --reattach: gives the mount at mountpoint the places of a dead one. */
int fmount_reattach(const struct fmount *f, const char *mountpoint) FMOUNT_PART;
/* Without "--": behaves like mount(8). */
int fmount_like(struct fmount *f, char **operands) FMOUNT_PART;

#endif
