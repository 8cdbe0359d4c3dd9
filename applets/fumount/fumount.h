/* fumount: what its parts share. Those that do more than to unmount one target are
 * files of their own, and a small build leaves them out. */
#ifndef FUSEBOX_FUMOUNT_FUMOUNT_H
#define FUSEBOX_FUMOUNT_FUMOUNT_H

#include <stdbool.h>

#include "health/census.h"
#include "health/report.h"
#include "target/target.h"

/* The statuses of umount(8). */
enum { FUMOUNT_OK = 0, FUMOUNT_USAGE = 1, FUMOUNT_SYSTEM = 2, FUMOUNT_FAILED = 32, FUMOUNT_SOME = 64 };

struct fumount {
	bool lazy, force, abort, recover;
	bool all, any, quiet, verbose, json, ignored;
	const char *types, *options;	/* the filters of -a; NULL: none */
	const char *kill;		/* the signal's name; NULL: none is sent */
	const char *namespace;
	int wait;			/* seconds; -1: not */
	bool settling;			/* an earlier target's server may still be ending */
};

/* Which status an error is; and that of several together. */
int fumount_status(int err);
struct fumount_tally { int good, bad, refused; };
void fumount_count(struct fumount_tally *tally, int status);
int fumount_total(const struct fumount_tally *tally);

/* Enters a mount namespace, of a process by its number or by a path. 0 or -errno. */
int fumount_enter(const char *namespace);

/* How long a server takes at most to end and let go of the mount that its SOURCE is in. */
enum { FUMOUNT_SETTLE_S = 2 };

#define FUMOUNT_PART __attribute__((weak))
/* -R: what a word means, or every connection in the census. Returns a status. */
int fumount_recover(const struct fumount *f, const struct report *to, const char *word) FUMOUNT_PART;
int fumount_recover_all(const struct fumount *f, const struct report *to, struct census *all) FUMOUNT_PART;
/* -a */
int fumount_all(const struct fumount *f, const struct report *to) FUMOUNT_PART;

#endif
