/* SPDX-License-Identifier: MIT */
/* serving: the mount that this process serves, which the files of serve/ share. */
#ifndef FUSEBOX_SERVE_SERVING_H
#define FUSEBOX_SERVE_SERVING_H

#include "fuse_fs.h"
#include "fuse/session.h"
#include "mount/mount.h"
#include "serve.h"
#include "serve/unmounter.h"

/* Static, because signal handlers use it. */
extern struct serving {
	struct mountpoint at;
	const char *shown;		/* the mountpoint as the user gave it; NULL: unknown */
	struct fuse_session session;
	struct serve_args *args;
	const struct opt *options;
	struct unmounter unmounter;
	bool adopted;			/* another process mounted; this one got the descriptor */
	bool later;			/* and attaches the mount once this one has answered */
	bool below_all;			/* fmount --root-daemon marks argv[0] with "@" */
	volatile bool begun;		/* mounted, and the unmounter runs */
	volatile int early, signals;	/* end signals before and after `begun` */
	int ready[2];			/* -b: the pipe from which the parent reads the result */
} serving;

/* Has the unmounter detach the mount, and waits for it. */
void serving_detach(void);

/* Whether a mountpoint is the descriptor of a mounted file system, /dev/fd/N. */
#define SERVING_DEVICE "/dev/fd/"
bool serving_is_device(const char *where);
/* Has exec(2) close it. Returns N, or -EBADF. */
int serving_take_device(const char *where);

/* Closes the descriptors that this process inherited over exec(2). Keeps 0 to 2, the device that it was given, and
   those that the command line or the environment names. */
void serving_close_inherited(void);

/* signals.c. Call signals_catch_end() before mounting, so that a signal leaves nothing mounted, and
   signals_set_others() once mounted: mounting may wait(2) for a child, which SIGCHLD's handler would
   reap first. */
void signals_catch_end(void);
void signals_set_others(void);
void signals_end(int sig);	/* the handler of the signals that end a server */

/* sandbox.c: --sandbox. sandbox_enter() exits if the kernel offers no sandbox. */
void sandbox_report(int err);
void sandbox_enter(struct fuse_session *session);
int sandbox_protect_device(int device);	/* 0 or -errno */

/* background.c: -b. */
int background_fork(void);	/* -1 in the server; in its parent the exit status, once the server is ready or dead */
void background_ready(void);	/* tell the parent */
bool background_is_wanted(void);	/* does a mount(8) wait for this process to exit? */

/* run.c: mounts at `where`, or adopts /dev/fd/N, and serves. Returns the exit status. */
int run(const char *where);

#endif
