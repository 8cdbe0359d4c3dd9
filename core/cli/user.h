/* SPDX-License-Identifier: MIT */
/* user: look up users and groups in /etc/passwd and /etc/group. A static binary
 * cannot use NSS. */
#ifndef FUSEBOX_CLI_USER_H
#define FUSEBOX_CLI_USER_H

#include <stddef.h>
#include <sys/types.h>

enum { USER_GROUPS = 64 };

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS];	/* supplementary groups; only if the user was given by name without a group */
	size_t group_count;
	char home[256];			/* "/" if it is not known */
};

/* Writes the name of a user to name[32], or the number if the user has no name, or "?" for -1.
   Returns name. */
const char *user_name(int64_t uid, char name[32]);

/* Looks up "USER" or "USER:GROUP", each a name or a number. For a uid without a line in
   /etc/passwd, the gid is the same number. 0; -ENOENT: no such user or group; another -errno:
   a file could not be read. */
int user_find(const char *name, struct user *user);

#endif
