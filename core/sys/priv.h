/* SPDX-License-Identifier: MIT */
/* priv: drop the privileges of a set-uid or set-gid file, and act for callers of a server. */
#ifndef FUSEBOX_SYS_PRIV_H
#define FUSEBOX_SYS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sets the effective and saved ids to the real ids, drops the capabilities that the file
   gave, and checks that the process cannot regain them.
   Returns 0, or -errno: then the process must end. */
int priv_drop(void);

/* Irreversible, for the time before an exec. The first three belong together, in this order;
   those with a status return 0 or -errno.
   priv_lock_caps() clears the capability bounding set and locks the securebits, so that no
   exec gains a capability. Without CAP_SETPCAP it does nothing.
   priv_become() sets all uids, all gids and the supplementary groups, and checks the uids.
   priv_drop_caps() drops the capabilities that the process still has.
   priv_no_new() sets no_new_privs (PR_SET_NO_NEW_PRIVS). */
void priv_lock_caps(void);
int priv_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count);
int priv_drop_caps(void);
int priv_no_new(void);

/* Keeps the capabilities whose bits (capabilities(7)) are set in `which`, drops all others, and
   sets no_new_privs, so that no exec regains them. 0 or -errno. */
int priv_keep_only(uint64_t which);

/* Makes CAP_SYS_ADMIN an ambient capability, which an exec preserves. 0 or -errno. */
int priv_keep_mounting(void);

/* Bits of `rights`. PRIV_DAC: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH; PRIV_SETID: CAP_FSETID;
   PRIV_ALL: every file capability that this process has. */
enum { PRIV_DAC = 1u << 1 | 1u << 2, PRIV_SETID = 1u << 4 };
#define PRIV_ALL UINT32_MAX

/* For a server that runs as root; for any other process these functions do nothing.
   priv_act_for() gives the calling thread this fsuid, this fsgid and these `count`
   supplementary groups, and limits its effective file capabilities to `rights`. With fsuid 0,
   PRIV_ALL keeps all of them; with another fsuid, PRIV_ALL means PRIV_DAC and PRIV_SETID.
   priv_act_as_self() restores the server's own credentials; the thread must call it even if
   priv_act_for() has failed. 0 or -errno.
   priv_act_ends(true) may be called instead, to save system calls: it leaves the thread with a user's
   credentials if it has no rights and no supplementary groups. priv_act_for() then does nothing
   for the same user, and restores them first for any other; whatever else needs the server's own
   must call priv_act_as_self() before. priv_acts(): whether the thread was left so. */
int priv_act_for(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint32_t rights);
void priv_act_as_self(void);
void priv_act_ends(bool may_stay);
bool priv_acts(void);

/* Whether the process is root and has this uid and gid, so that acting for them with no supplementary groups
   changes nothing. */
bool priv_is_self(uid_t uid, gid_t gid);

/* Raises or lowers CAP_FSETID in the calling thread: with it, a write(2) preserves the
   set-user-id and set-group-id bits of a file. Does nothing if the process is not root. */
void priv_keep_setid(bool keep);

/* Raises or lowers CAP_SYS_RESOURCE in the calling thread: with it, writes may use the blocks
   reserved for root and exceed quotas. priv_thread_starts() lowers it. Before it is raised for root's own
   request, credentials whose restoring may have failed are restored again. Does nothing if the process is
   not root. 0, or -errno: then the thread must make no name and set no attribute for the caller. */
int priv_use_reserve(bool use);

/* Sets the calling thread's fsuid for writes to open files, and calls priv_use_reserve() and
   priv_keep_setid(). priv_act_as_self() restores the fsuid. Does nothing if the process is not
   root. */
void priv_write_for(uid_t uid, bool reserve, bool keep_setid);

/* A new thread calls it first: it inherits the credentials that the creating thread had at that moment, which may be
   those of a user whose restoring has failed. Becomes root with all file capabilities, without CAP_SYS_RESOURCE and
   supplementary groups. What fails is tried again before the thread acts for somebody. */
void priv_thread_starts(void);

/* The rest is for the set-uid helper. Each returns 0, or -errno: then the process must end.
   If the caller is root, or if the file is not set-uid root, the functions change nothing.
   priv_caller() sets the effective ids to the caller's, so that the kernel checks the caller's
   permissions, and keeps two capabilities permitted but not effective: CAP_SYS_ADMIN to mount,
   and CAP_SETUID to return to effective uid 0.
   priv_raise() makes them effective; the fsuid stays the caller's, so that files are still
   opened with the caller's permissions. `shielded` also sets the real uid to 0, so that the
   caller cannot signal the process. priv_lower() reverts priv_raise(). */
int priv_caller(void);
int priv_raise(bool shielded);
int priv_lower(void);

/* Between priv_raise() and priv_lower(): sets the fsuid to 0. The process must then open no
   path that the caller can influence. 0 or -errno, as above. */
int priv_open_as_root(void);

/* Whether CAP_SYS_ADMIN is effective or, in the set-uid helper, permitted. */
bool priv_may_mount(void);

#endif
