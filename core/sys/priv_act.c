/* SPDX-License-Identifier: MIT */
/* priv_act: a server's threads act for its callers. See priv.h. */
#define _GNU_SOURCE
#include "sys/priv.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "sys/ids.h"

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

/* The user for whom this thread has begun to act without any capability over files and without supplementary groups,
   and still does. uid 0: none. */
static __thread struct { uid_t uid; gid_t gid; } user;

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
	if (user.uid)
		priv_act_as_self();
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

static bool acts_for(uid_t uid, gid_t gid, size_t count, uint32_t rights)
{
	return user.uid && user.uid == uid && user.gid == gid && !count && !rights;
}

/* Leaving fsuid 0 has cleared CAP_FSETID with the others. */
static void note_user(uid_t uid, gid_t gid)
{
	user.uid = uid;
	user.gid = gid;
	fsetid_dropped = true;
}

int priv_act_for(uid_t uid, gid_t gid, const gid_t *groups, size_t count, uint32_t rights)
{
	int err;

	if (!is_root() || acts_for(uid, gid, count, rights))
		return 0;
	priv_act_as_self();
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
	if (!err && !rights && !count)
		note_user(uid, gid);
	if (err || !rights)
		return err;
	changed |= RAISED;
	return set_caps(FILE_CAPS, rights & (PRIV_DAC | PRIV_SETID));
}

void priv_act_as_self(void)
{
	user.uid = 0;
	restore(changed);
	changed = 0;
}

void priv_act_ends(bool may_stay)
{
	if (!may_stay || !user.uid)
		priv_act_as_self();
}

bool priv_acts(void)
{
	return user.uid;
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

	if (uid != 0 && uid == user.uid && !keep_setid)
		return;		/* priv_act_for() has dropped both capabilities */
	priv_act_as_self();
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
