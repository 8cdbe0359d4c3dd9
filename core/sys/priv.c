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

#include "sys/ids.h"

enum { CAP_SETUID_BIT = 1u << 7, CAP_SYS_ADMIN_BIT = 1u << 21 };

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
