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

/* Mounts at `where`, and runs the program, which is NULL with --fd-socket. Returns an exit status. */
int fmount_run(struct fmount *f, const char *where, char **program);

/* The optional parts, with their options: NULL in a small build. Each returns an exit status unless it says otherwise. */
#define FMOUNT_PART __attribute__((weak))
extern const struct opt fmount_start_options[11] FMOUNT_PART, fmount_keep_options[2] FMOUNT_PART,
	fmount_reattach_options[2] FMOUNT_PART, fmount_userns_options[1] FMOUNT_PART,
	fmount_check_options[2] FMOUNT_PART, fmount_mount_options[15] FMOUNT_PART;
/* What --help has to say about the options of the parts. */
extern const char fmount_operands[56], fmount_more[] FMOUNT_PART;
/* Does what the options say; all but fmount_run() is done by parts. */
int fmount_modes(struct fmount *f, const struct opt_rest *rest) FMOUNT_PART;
/* For optlist.first: takes the options that only mount(8) interprets, so that -o takes those of an fstab line; and
   libfuse's name for --auto-unmount. */
bool fmount_skip_option(struct optlist *mount, char *option, const char **why) FMOUNT_PART;
extern const char fmount_auto_unmount[];
/* Before anything is mounted at `where`, on which `held` is open (-1: none). Returns -1, or an exit status if it
   has mounted and run the program: --beneath and --replace-stale. */
int fmount_prepare(struct fmount *f, int held, const char *where, const struct optlist *mount, char **program) FMOUNT_PART;
/* Runs the program of a new mount, or hands out its descriptor, in the way that the options tell. */
int fmount_start(const struct fmount *f, struct mountpoint *at, int device, char **program) FMOUNT_PART;
/* Whether the mount can be attached once its server has answered. */
bool fmount_can_attach_later(const struct fmount *f);
/* In the process that will execute the program: takes the user, the privileges and whatever else the options tell.
   0, or 1 once it has printed the error. */
int fmount_become(const struct fmount *f, char **argv) FMOUNT_PART;
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
   /dev/fuse, and at->path and at->mounted are set; or -1. relay: detaches that mount, closes what is stored, and returns -1. */
int fmount_keep_stored(struct mountpoint *at, const char *where, bool relay) FMOUNT_PART;
/* In that child, before it executes the program: the kernel kills it when the keeper ends. 0, or 1 if
   the keeper has ended already. */
int fmount_die_with_keeper(void) FMOUNT_PART;
/* --reattach: gives the mount at mountpoint the places of a dead one. */
int fmount_reattach(const struct fmount *f, const char *mountpoint) FMOUNT_PART;
/* Without "--": behaves like mount(8). */
int fmount_like(struct fmount *f, char **operands) FMOUNT_PART;

#endif
