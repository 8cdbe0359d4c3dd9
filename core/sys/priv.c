/* SPDX-License-Identifier: MIT */
/* priv: see priv.h. */
#define _GNU_SOURCE
#include "sys/priv.h"

#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libc's wrappers change the ids of all threads, and link the code for that. On some 32-bit
   machines the plain call numbers take 16-bit ids. */
#ifdef SYS_setresuid32
enum { SETRESUID = SYS_setresuid32, SETRESGID = SYS_setresgid32, SETFSUID = SYS_setfsuid32,
       SETGROUPS = SYS_setgroups32 };
#else
enum { SETRESUID = SYS_setresuid, SETRESGID = SYS_setresgid, SETFSUID = SYS_setfsuid,
       SETGROUPS = SYS_setgroups };
#endif

enum { CAP_SETUID_BIT = 1u << 7, CAP_SYS_ADMIN_BIT = 1u << 21 };

struct cap_header { uint32_t version; int pid; };
struct cap_data { uint32_t effective, permitted, inheritable; };
static const struct cap_header this_process = { 0x20080522, 0 };

static int set_permitted_caps(uint32_t permitted)
{
	const struct cap_data caps[2] = { { 0, permitted, 0 } };

	return syscall(SYS_capset, &this_process, caps) < 0 ? -errno : 0;
}

static int can_regain_privileges(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return 1;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return 1;
	return uid != 0 && syscall(SETRESUID, -1, 0, -1) == 0;
}

int priv_drop(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	int err = 0;

	if (!getauxval(AT_SECURE) && uid == geteuid() && gid == getegid())
		return 0;
	if (syscall(SETRESGID, gid, gid, gid) < 0 || syscall(SETRESUID, uid, uid, uid) < 0)
		return -errno;
	if (uid != 0)
		err = set_permitted_caps(0);
	return err ? err : can_regain_privileges(uid, gid) ? -EPERM : 0;
}

/* SECBIT_NOROOT and SECBIT_NO_SETUID_FIXUP, both locked, and SECBIT_KEEP_CAPS locked off. */
enum { NO_CAPS_FOR_ROOT = 0x3 | 0xc | 0x20 };

void priv_lock_caps(void)
{
	if (syscall(SYS_prctl, PR_SET_SECUREBITS, NO_CAPS_FOR_ROOT, 0, 0, 0) < 0)
		return;
	for (long cap = 0; syscall(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
}

int priv_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	uid_t r, e, s;

	if (syscall(SETGROUPS, count, groups) < 0 || syscall(SETRESGID, gid, gid, gid) < 0
	    || syscall(SETRESUID, uid, uid, uid) < 0)
		return -errno;
	return getresuid(&r, &e, &s) < 0 || r != uid || e != uid || s != uid ? -EPERM : 0;
}

int priv_drop_caps(void)
{
	syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return set_permitted_caps(0);
}

int priv_keep_mounting(void)
{
	struct cap_data caps[2];

	if (syscall(SYS_capget, &this_process, caps) < 0)
		return -errno;
	caps[0].inheritable |= CAP_SYS_ADMIN_BIT;
	if (syscall(SYS_capset, &this_process, caps) < 0
	    || syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) < 0)
		return -errno;
	return 0;
}

int priv_no_new(void)
{
	return syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int priv_keep_only(uint64_t which)
{
	struct cap_data caps[2];

	if (syscall(SYS_capget, &this_process, caps) < 0)
		return -errno;
	for (unsigned int i = 0; i < 2; i++) {
		uint32_t kept = caps[i].permitted & (uint32_t)(which >> 32 * i);

		caps[i] = (struct cap_data) { kept, kept, 0 };
	}
	return syscall(SYS_capset, &this_process, caps) < 0 ? -errno : priv_no_new();
}

/* Whether an ordinary user has started this process from a set-uid root file. */
static bool setuid_root;

static int set_ids(uid_t real, uid_t effective)
{
	uid_t r, e, s;

	if (syscall(SETRESUID, real, effective, 0) < 0)
		return -errno;
	if (getresuid(&r, &e, &s) < 0 || r != real || e != effective || s != 0)
		return -EPERM;
	return 0;
}

static uid_t caller;

static void raise_limit(int resource, uint64_t to)
{
	uint64_t limit[2] = { to, to };

	if (syscall(SYS_prlimit64, 0, resource, limit, NULL) == 0
	    || syscall(SYS_prlimit64, 0, resource, NULL, limit) < 0)
		return;
	limit[0] = limit[1];	/* without CAP_SYS_RESOURCE, the soft limit can rise to the hard limit */
	syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

/* The caller's limits are inherited: RLIMIT_CPU or RLIMIT_STACK could kill the process between
   a mount and its undoing, SCHED_IDLE could starve it there, and other users' mounts can exceed
   RLIMIT_NOFILE. If the caller is root, the limits stay. */
static void reset_limits(void)
{
	raise_limit(RLIMIT_CPU, UINT64_MAX);
	raise_limit(RLIMIT_STACK, UINT64_MAX);
	raise_limit(RLIMIT_AS, UINT64_MAX);
	raise_limit(RLIMIT_NOFILE, 131072);	/* a namespace holds up to 100,000 mounts (fs.mount-max) */
	syscall(SYS_sched_setscheduler, 0, 0 /* SCHED_OTHER */, &(int) { 0 });
	syscall(SYS_setpriority, 0 /* PRIO_PROCESS */, 0, 0);
}

int priv_caller(void)
{
	gid_t gid = getgid();
	int err;

	caller = getuid();
	setuid_root = caller != 0 && geteuid() == 0;
	if (!setuid_root)
		return priv_drop();
	reset_limits();
	if (syscall(SETRESGID, gid, gid, gid) < 0)
		return -errno;
	err = set_ids(caller, caller);
	if (!err)
		err = set_permitted_caps(CAP_SETUID_BIT | CAP_SYS_ADMIN_BIT);
	return err;
}

int priv_raise(bool shielded)
{
	int err;

	if (!setuid_root)
		return 0;
	err = set_ids(shielded ? 0 : caller, 0);
	if (err)
		return err;
	/* setfsuid(2) returns the previous fsuid even if it fails: call it again to check. */
	syscall(SETFSUID, caller);
	return (uid_t)syscall(SETFSUID, caller) == caller ? 0 : -EPERM;
}

int priv_open_as_root(void)
{
	if (!setuid_root)
		return 0;
	syscall(SETFSUID, 0);
	return syscall(SETFSUID, 0) == 0 ? 0 : -EPERM;
}

int priv_lower(void)
{
	return setuid_root ? set_ids(caller, caller) : 0;
}

bool priv_may_mount(void)
{
	struct cap_data caps[2];

	return syscall(SYS_capget, &this_process, caps) == 0
	       && ((setuid_root ? caps[0].permitted : caps[0].effective) & CAP_SYS_ADMIN_BIT);
}

/* The file capabilities: leaving fsuid 0 clears them in the effective set, returning raises them. */
enum { FILE_CAPS = 1u << 0 | PRIV_DAC | 1u << 3 /* FOWNER */ | PRIV_SETID | 1u << 9 /* LINUX_IMMUTABLE */
       | 1u << 27 /* MKNOD */ };

/* Of the effective capabilities in `which`, this thread then has those in `kept`. */
static int set_caps(uint32_t which, uint32_t kept)
{
	struct cap_data caps[2];

	if (syscall(SYS_capget, &this_process, caps) < 0)
		return -errno;
	caps[0].effective = (caps[0].effective & ~which) | (caps[0].permitted & which & kept);
	return syscall(SYS_capset, &this_process, caps) < 0 ? -errno : 0;
}

static gid_t server_gid;

static bool is_root(void)
{
	static int root = -1;

	if (root < 0) {
		server_gid = getegid();
		root = geteuid() == 0;
	}
	return root == 1;
}

/* What this thread has changed of the server's credentials, which the kernel keeps by thread, and what it has put
   back without knowing that it worked: setfsuid(2) returns the previous id even if the kernel had no memory for
   the change. If every caller is root, which is common, no system call is needed. */
enum { FSUID = 1, FSGID = 2, GROUPS = 4, ROOT_CAPS = 8, RAISED = 16 /* capabilities, for another fsuid than root's */ };
static __thread uint8_t changed, in_doubt;
static __thread bool fsetid_dropped;

static int set_fsuid(uid_t uid)
{
	changed |= FSUID;
	syscall(SETFSUID, uid);
	return (uid_t)syscall(SETFSUID, -1) == uid ? 0 : -ENOMEM;
}

/* setfsgid(2) does not report an error either: change the effective gid, which takes the fsgid along. */
static int set_fsgid(gid_t gid)
{
	return syscall(SETRESGID, -1, gid, -1) < 0 ? -errno : 0;
}

static void restore(unsigned int which)
{
	unsigned int doubt = 0;

	if (which & FSUID && syscall(SETFSUID, 0) != 0) {
		doubt |= FSUID | (which & RAISED);
		fsetid_dropped = false;	/* the kernel has raised all file capabilities */
	}
	if (which & ROOT_CAPS && set_caps(FILE_CAPS, FILE_CAPS) < 0)
		doubt |= ROOT_CAPS;
	else if (which & ROOT_CAPS)
		fsetid_dropped = false;
	if (which & FSGID && set_fsgid(server_gid) < 0)
		doubt |= FSGID;
	/* EPERM: a user namespace in which no thread may set groups. */
	if (which & GROUPS && syscall(SETGROUPS, 0, NULL) != 0 && errno != EPERM)
		doubt |= GROUPS;
	in_doubt = (uint8_t)((in_doubt & ~which) | doubt);
}

/* Tries again what may not have been put back, and once more: that attempt tells. */
static int settle(unsigned int which)
{
	for (int i = 0; i < 2 && in_doubt & which; i++)
		restore(in_doubt & which);
	return in_doubt & which ? -ENOMEM : 0;
}

/* To be root, with all file capabilities. */
enum { EVERYTHING = FSUID | FSGID | GROUPS | ROOT_CAPS | RAISED };

/* From one user to another, without root in between, the kernel takes no capabilities away. */
static int settle_for(uid_t uid)
{
	return settle(uid == 0 ? EVERYTHING : in_doubt & RAISED ? GROUPS | FSUID | RAISED : GROUPS);
}

int priv_act_for(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint32_t rights)
{
	int err;

	if (!is_root())
		return 0;
	err = priv_use_reserve(uid == 0 && rights == PRIV_ALL);
	if (!err)
		err = settle_for(uid);
	if (err)
		return err;
	if (count && syscall(SETGROUPS, count, groups) == 0)
		changed |= GROUPS;
	if (gid != server_gid || in_doubt & FSGID) {
		changed |= FSGID;
		err = set_fsgid(gid);
		if (err)
			return err;
	}
	if (uid == 0 && rights == PRIV_ALL) {
		priv_keep_setid(true);
		return 0;
	}
	if (uid == 0) {
		changed |= ROOT_CAPS;
		return set_caps(FILE_CAPS, rights);
	}
	err = set_fsuid(uid);
	if (err || !rights)
		return err;
	changed |= RAISED;
	return set_caps(FILE_CAPS, rights & (PRIV_DAC | PRIV_SETID));
}

void priv_act_as_self(void)
{
	restore(changed);
	changed = 0;
}

void priv_keep_setid(bool keep)
{
	if (keep == fsetid_dropped && is_root() && set_caps(PRIV_SETID, keep ? PRIV_SETID : 0) == 0)
		fsetid_dropped = !keep;
}

/* Whether CAP_SYS_RESOURCE is not effective. */
static __thread bool reserve_off;

int priv_use_reserve(bool use)
{
	const uint32_t SYS_RESOURCE = 1u << 24;
	int err = use ? settle(EVERYTHING) : 0;	/* root's own request: be root */

	if (!err && use == reserve_off && is_root()) {
		err = set_caps(SYS_RESOURCE, use ? SYS_RESOURCE : 0);
		if (!err)
			reserve_off = !use;
	}
	return err;
}

void priv_write_for(uid_t uid, bool reserve, bool keep_setid)
{
	bool from_root;

	priv_use_reserve(reserve);
	if (uid != 0 && is_root()) {
		from_root = settle_for(uid) == 0;
		/* Leaving fsuid 0 clears CAP_FSETID. */
		if (set_fsuid(uid) == 0 && from_root)
			fsetid_dropped = true;
	}
	priv_keep_setid(keep_setid);
}

bool priv_is_self(uid_t uid, gid_t gid)
{
	return is_root() && uid == 0 && gid == server_gid;
}

void priv_thread_starts(void)
{
	reserve_off = false;
	/* The kernel would check the server's supplementary groups as if they were the caller's. */
	if (is_root())
		in_doubt = EVERYTHING;
	settle(EVERYTHING);	/* what fails stays in doubt */
	priv_use_reserve(false);
}
