/* priv: giving up what a set-uid or set-gid file gave. */
#ifndef FUSEBOX_SYS_PRIV_H
#define FUSEBOX_SYS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes effective, saved and real ids those of the caller, drops capabilities
   that the file brought, and checks that none of it can be had back.
   0, or -errno: then the process must not go on. */
int priv_drop(void);

/* Before an exec, for good, each 0 or -errno. Becomes another user, and checks it;
   priv_lock_caps() before that leaves no capability that an exec could bring:
   bounding set and securebits, as far as this process may (an ordinary user has
   nothing to lose); priv_drop_caps() afterwards gives up those that are held.
   priv_no_new: prctl(2)'s PR_SET_NO_NEW_PRIVS. */
void priv_lock_caps(void);
int priv_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count);
int priv_drop_caps(void);
int priv_no_new(void);

/* Keeps those of the capabilities held that `which` has as bits (capabilities(7)), and gives
   up all others for good: no_new_privs is set, too. 0 or -errno. */
int priv_keep_only(uint64_t which);

/* Hands CAP_SYS_ADMIN on over an exec, as an ambient capability. */
int priv_keep_mounting(void);

/* Capabilities over files, as bits of `rights`: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH;
   CAP_FSETID; and all that this process has. */
enum { PRIV_DAC = 1u << 1 | 1u << 2, PRIV_SETID = 1u << 4 };
#define PRIV_ALL UINT32_MAX

/* For a server that is root: the calling thread acts with this fsuid, fsgid and `count`
   supplementary groups, and of the capabilities over files has no more than `rights` in
   effect. With fsuid 0, PRIV_ALL leaves all of them; with another fsuid it means PRIV_DAC
   and PRIV_SETID. priv_act_with() changes the rights meanwhile, and priv_act_as_self() ends
   it, after a failure as well. For a process that is not root they change nothing. 0 or
   -errno. */
int priv_act_for(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint32_t rights);
int priv_act_with(uint32_t rights);
void priv_act_as_self(void);

/* Whether what this thread writes leaves set-user-id and set-group-id bits alone
   (CAP_FSETID), as what root writes does. Changes nothing for anybody else. */
void priv_keep_setid(bool keep);

/* Whether what this thread writes may take blocks that are reserved for root and pass quotas
   (CAP_SYS_RESOURCE). priv_thread_starts() ends it. Changes nothing for anybody else than root. */
void priv_use_reserve(bool use);

/* From now on this thread writes to open files with this fsuid, and as priv_use_reserve() and
   priv_keep_setid() say. priv_act_as_self() ends it. Changes nothing for anybody else than root. */
void priv_write_for(uid_t uid, bool reserve, bool keep_setid);

/* In a new thread, whose rights are those of the one that started it, at that moment. */
void priv_thread_starts(void);

/* The rest is for the set-uid helper. When the file's owner, root, is not the
   caller: priv_caller() makes the effective ids the caller's, so that all that
   follows is allowed what the caller is allowed, and keeps only what mounting
   takes in reserve: CAP_SYS_ADMIN, and CAP_SETUID to come to it. priv_raise()
   puts that in effect while files are still opened as the caller; shielded, the
   caller cannot signal the process for that time either. priv_lower() ends it.
   Each returns 0, or -errno: then the process must end. For root, and for
   a file without the bit, they change nothing. */
int priv_caller(void);
int priv_raise(bool shielded);
int priv_lower(void);

/* While raised, and until priv_lower(): files are opened as root, by no name that the
   caller could influence. 0 or -errno, as above. */
int priv_open_as_root(void);

/* Whether mounting can be allowed at all: CAP_SYS_ADMIN, in effect or in reserve. */
bool priv_may_mount(void);

#endif
