/* SPDX-License-Identifier: MIT */
/* dir: the names in a directory. */
#ifndef FUSEBOX_SYS_DIR_H
#define FUSEBOX_SYS_DIR_H

#include <stdint.h>

/* A directory, read with getdents64(2): opendir(3) costs 9 KB. */
struct sys_dir {
	int fd;			/* the caller closes it */
	int at, end;
	uint64_t buf[256];	/* aligned for struct linux_dirent64 */
};

/* Opens path relative to dirfd. Returns 0 or -errno. */
int sys_opendir(struct sys_dir *dir, int dirfd, const char *path);

/* The next name but "." and "..", valid until the next call; NULL at the end. */
const char *sys_readdir(struct sys_dir *dir);

#endif
