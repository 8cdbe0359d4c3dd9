/* SPDX-License-Identifier: MIT */
/* fumount: what its source files share. -a and -R are in files of their own, which a small build
 * leaves out. */
#ifndef FUSEBOX_FUMOUNT_FUMOUNT_H
#define FUSEBOX_FUMOUNT_FUMOUNT_H

#include <stdbool.h>

#include "health/census.h"
#include "health/report.h"
#include "opt.h"
#include "target/target.h"

/* The exit statuses of umount(8). */
enum { FUMOUNT_OK = 0, FUMOUNT_USAGE = 1, FUMOUNT_SYSTEM = 2, FUMOUNT_FAILED = 32, FUMOUNT_SOME = 64 };

enum { FUMOUNT_KEPT = 256 };	/* no exit status: -r left it mounted, which is success */

struct fumount {
	bool lazy, force, abort, recover;
	bool all, any, quiet, verbose, json, read_only, ignored;
	const char *types, *options;	/* the filters of -a; NULL: none */
	const char *kill;		/* the signal's name; NULL: none is sent */
	const char *namespace;
	const char *wake;		/* --wake: the name of the error, "": ETIMEDOUT; NULL: no --wake */
	const char *pid, *node;		/* of the requests to wake; NULL: any */
	int older;			/* seconds; -1: any */
	bool dry_run;
	int wait;			/* seconds; -1: no -w */
	bool settling;			/* an earlier target's server may still be ending */
};

/* The exit status for 0 or -errno, and the exit status for the targets counted in a tally. */
int fumount_status(int err);
struct fumount_tally { int good, bad, refused; };
void fumount_count(struct fumount_tally *tally, int status);
int fumount_total(const struct fumount_tally *tally);

/* Calls run with to->object set to each operand. Returns the exit status for all of them. */
int fumount_each(struct fumount *f, struct report *to, char **operands,
		 int (*run)(const struct fumount *f, const struct report *to));

/* Adds the connections of the FUSE mounts that `word` means (NULL: of all), of these types (NULL: all), with their
   identities. 0 or -errno. */
int fumount_collect(const char *word, const char *types, struct census *census);

/* Unmounts, aborts or recovers what to->object names, as the options say; reports each step, and returns
   an exit status. */
int fumount_target(const struct fumount *f, const struct report *to);

/* Moves this process into a mount namespace: that of the process with this number, or the one at
   this path. 0 or -errno. */
int fumount_enter(const struct fumount *f, const char *namespace);

/* Whether a file system is also mounted where fumount was started, and fumount has entered another mount
   namespace, whose owner chooses where paths and binds lead. fumount_refuse_outside(): whether the options
   therefore may not be carried out, since they end more than a mount of that namespace and root has not named
   the connection; reports that, with what can be done instead. */
bool fumount_is_outside(uint64_t connection);
bool fumount_refuse_outside(const struct fumount *f, const struct report *to, uint64_t connection);

/* How long the server of an unmounted target may take to exit, in seconds; until then it keeps
   the mount that holds its SOURCE busy. */
enum { FUMOUNT_SETTLE_S = 2 };

/* The parts that a small build leaves out (WITHOUT in configs/), with their options: NULL there. */
#define FUMOUNT_PART __attribute__((weak))
extern const struct opt fumount_abort_options[2] FUMOUNT_PART, fumount_recover_options[1] FUMOUNT_PART,
	fumount_wake_options[5] FUMOUNT_PART, fumount_all_options[3] FUMOUNT_PART,
	fumount_wait_options[2] FUMOUNT_PART, fumount_modes_options[3] FUMOUNT_PART;

/* Does what the options say: -N, -a, --wake, --json, or fumount_target() for each operand. Returns an exit status.
   fumount_modes() first reports options that exclude each other. */
int fumount_modes(struct fumount *f, char **operands) FUMOUNT_PART;
int fumount_run(struct fumount *f, char **operands);

/* What --help has to say about the options of the parts. */
extern const char fumount_summary[56], fumount_more[] FUMOUNT_PART;

/* -f and --abort, for a target; for --abort, the word may also mean a connection that is not mounted here. All
   report each step. The first two return 0 or -errno, the last an exit status. */
int fumount_abort(const struct report *to, const struct target *target) FUMOUNT_PART;
int fumount_abort_and_unmount(const struct report *to, const struct target *target) FUMOUNT_PART;
int fumount_abort_detached(const struct report *to, const char *word) FUMOUNT_PART;

/* Whether a target is left alone, once that is reported: its type is none of -t, it is also mounted outside (see
   fumount_refuse_outside()), or a server on its path does not answer. */
bool fumount_refuse(const struct fumount *f, const struct report *to, const struct target *target) FUMOUNT_PART;

/* umount2(2) waits for the target's server. Waits for half a minute, and aborts the connection if the server hangs.
   Returns 0 or -errno, as unmount_wait(). */
int fumount_await(const struct report *to, const struct target *target) FUMOUNT_PART;

/* -r: makes a busy target read-only. Returns 0 or -errno. */
int fumount_read_only(const struct report *to, const struct target *target) FUMOUNT_PART;

/* Reports that a mount is busy, with advice. With `look`, it watches the connection, for up to half a
   second if the server does not answer. */
void report_busy(const struct report *to, bool look, uint64_t connection) FUMOUNT_PART;

/* Reports that this user cannot see what still holds the connection, and how to recover it: root can, and
   a user whose server is `visible`. */
void report_unseen(const struct report *to, uint64_t connection, bool visible);

/* Reports that the target's connection is gone, or else its holders. */
void fumount_report_aftermath(const struct report *to, const struct target *target) FUMOUNT_PART;

/* -R, for the mounts that `word` means, or for every connection in the census. Both report each
   step and return an exit status. */
int fumount_recover(const struct fumount *f, const struct report *to, const char *word) FUMOUNT_PART;
int fumount_recover_all(const struct fumount *f, const struct report *to, struct census *all) FUMOUNT_PART;
/* -a: reports each mount and returns an exit status. */
int fumount_all(const struct fumount *f, const struct report *to) FUMOUNT_PART;

#endif
