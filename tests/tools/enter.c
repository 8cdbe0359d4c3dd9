/* SPDX-License-Identifier: MIT */
/* enter ROOT CAPABILITIES NO-NEW-PRIVS PROGRAM [ARGUMENTS]: the last steps of a container's runtime.
   Makes ROOT, a mountpoint, the root file system and unmounts all others, keeps only the capabilities
   in the mask (hexadecimal), clears the environment, and executes PROGRAM. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(const char *what)
{
	fprintf(stderr, "enter: %s: %s\n", what, strerror(errno));
	return 125;
}

/* Mounts below the old root, in volumes shared with other containers, must stay there. */
static int change_root(const char *path)
{
	int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0 || chdir(path) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || fchdir(old) < 0
	    || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0 || umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}

static int keep_capabilities(unsigned long long mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(mask >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -1;
	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (unsigned int)(mask >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, data);
}

int main(int argc, char **argv)
{
	static char path[] = "PATH=/bin";
	char *environment[] = { path, NULL };

	if (argc < 5)
		return 125;
	if (change_root(argv[1]) < 0)
		return failed(argv[1]);
	if (keep_capabilities(strtoull(argv[2], NULL, 16)) < 0)
		return failed("capabilities");
	if (atoi(argv[3]) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("no new privileges");
	execve(argv[4], argv + 4, environment);
	return failed(argv[4]);
}
