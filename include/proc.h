/* proc: small readers of /proc. */
#ifndef FUSEBOX_PROC_H
#define FUSEBOX_PROC_H

#include <stdbool.h>
#include <stdint.h>

/* A directory, read with getdents64(2): opendir(3) costs 9 KB. */
struct proc_dir {
	int fd;			/* the caller closes it */
	int at, end;
	uint64_t buf[256];	/* aligned for struct linux_dirent64 */
};

/* Whether /proc is mounted, not just a directory. */
bool proc_mounted(void);

/* Opens path below the directory dirfd. 0 or -errno. */
int proc_opendir(struct proc_dir *dir, int dirfd, const char *path);

/* The next name but "." and "..", valid until the next call; NULL at the end. */
const char *proc_readdir(struct proc_dir *dir);

/* The command's name, which can be read of a blocked process too; "?" if gone. */
void proc_command(int pid, char command[16]);

/* The FUSE connection of a process's descriptor of /dev/fuse, from its fdinfo; pid
   and fd as /proc has them ("self", "5"). 0; -ENODATA when the kernel does not tell
   (before 6.16), or what opening it gave. */
int proc_connection(const char *pid, const char *fd, uint64_t *connection);

#endif
