/* SPDX-License-Identifier: MIT */
/* recovery: the declarations that the files of fumount -R share. See recover.c. */
#ifndef FUSEBOX_FUMOUNT_RECOVERY_H
#define FUSEBOX_FUMOUNT_RECOVERY_H

#include "fumount.h"

struct recovery {
	const struct fumount *f;
	const struct report *to;
	struct census census;	/* the connections to recover, wherever they are mounted */
	struct census others;	/* connections of further mounts that are in the way */
	bool judged;		/* census_look() has sampled `census` */
	bool unsure;		/* a mount was detached whose server may hang */
	int status;		/* the worst exit status so far */
};

/* recover_plan.c: judge connections, and decide which of them to abort. */

/* Whether -R unmounts the mounts of the connection that has this number now. */
bool recover_is_target(const struct recovery *r, uint64_t connection);

/* Watches the connection that has this number now, for up to WATCH_MS the first time, and returns it in the same
   state later. The pointer is valid until the next call. NULL: out of memory, and CONN_UNKNOWN. */
const struct conn *recover_judge(struct recovery *r, uint64_t connection);
enum conn_state recover_state(const struct conn *conn);
bool recover_answers(struct recovery *r, uint64_t connection);

bool recover_abort_is_due(const struct recovery *r, const struct conn *conn);

/* The number of mounts to recover in the mount namespace of process pid (NULL: this process); 0
   if its table cannot be read. */
size_t recover_count_mounts(const struct recovery *r, const char *pid);

/* recover_report.c */
void recover_report_state(const struct recovery *r, const struct conn *conn);
/* Reports whether the connection is gone. Returns an exit status: FUMOUNT_USAGE if this user
   cannot see whether processes wait for a server that may hang. */
int recover_report_leftover(const struct recovery *r, const struct conn *conn);
/* Reports that mount namespaces may be missing in what was reported before, if `hidden`. */
void recover_report_hidden(const struct recovery *r, bool hidden);

/* No mount is meant by the word: returns FUMOUNT_OK, unless the path does not exist, something
   else than FUSE is mounted there, or the word is malformed. err: of the search. */
int recover_report_no_mount(const struct report *to, const char *word, int err);

/* recover_act.c: one mount. Returns 0, or -errno after a report. */
int recover_unmount(struct recovery *r, const struct target *t);

/* Aborts t's connection if recover_abort_is_due(), and reports it. unmounting: the mount may have left the
   mount table, since umount2(2) is waiting for the server or another process detached it; only t's
   connection and owner are used then. */
void recover_abort_if_hung(struct recovery *r, const struct target *t, bool unmounting);

/* Kills the server, and reports it; `owner` is the user that the mount belongs to. Not `really`: reports that it would.
   0, or -errno without a report. */
int recover_kill_server(const struct recovery *r, const struct conn *conn, int64_t owner, bool really);

/* recover_explain.c: --dry-run: report what would be done. Returns the exit status. */
int recover_explain(struct recovery *r);

/* recover_sweep.c: unmount every mount of the connections, stacks from the top: in this mount namespace,
   which returns 0 or -errno; and in all others, which returns the exit status. */
int recover_namespace(struct recovery *r);
int recover_everywhere(struct recovery *r);

#endif
