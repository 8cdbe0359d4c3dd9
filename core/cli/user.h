/* user: users and groups by name, from /etc/passwd and /etc/group alone: no NSS,
 * which a static binary cannot have. */
#ifndef FUSEBOX_CLI_USER_H
#define FUSEBOX_CLI_USER_H

#include <stddef.h>
#include <sys/types.h>

enum { USER_GROUPS = 64 };

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS];	/* supplementary ones; of a name only */
	size_t group_count;
	char home[256];			/* "/" when it is not known */
};

/* A user's name, or the number where he has none, in name[32]; "?" for -1. */
const char *user_name(int64_t uid, char name[32]);

/* Finds "USER", "USER:GROUP", names or numbers. A number that has no line in
   /etc/passwd has itself as its group. 0, -ENOENT when there is no such user or
   group, or what reading the files gave. */
int user_find(const char *name, struct user *user);

#endif
