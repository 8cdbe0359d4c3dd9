/* cage: what a server that is taken over could still do, made little. */
#ifndef FUSEBOX_SYS_CAGE_H
#define FUSEBOX_SYS_CAGE_H

#include <stdint.h>

/* Whether the kernel has all that it takes: Landlock as of Linux 6.2. 0 or -ENOSYS. */
int cage_offered(void);

/* Confines this thread and those that it starts, for good. Landlock: no file is opened, made,
   removed or truncated but below the directory `root` (a descriptor that the caller keeps; -1:
   none at all), no TCP port is bound or connected to, and no signal leaves the process. seccomp:
   no system call but those that serving makes, and those on files if `root` is given; others
   fail with EPERM, as do all commands of fcntl(2) and ioctl(2) that serving has no use for.
   `root` becomes the root directory; a user who is not root and may not do that goes on
   without it, and without capabilities. Of the capabilities those in the set are kept, but for
   CAP_SYS_ADMIN and CAP_MKNOD; see priv_keep_only(). Standard input is at its end, and nothing
   can be read from a terminal. 0 or -errno: then the process must not go on. -EPERM: root
   without CAP_SYS_ADMIN and CAP_SYS_CHROOT.
   https://docs.kernel.org/userspace-api/landlock.html, seccomp(2). */
int cage_close(int root, uint64_t capabilities);

/* After cage_close(), once all threads are started: no thread starts another one. 0 or -errno:
   then the process must not go on. */
int cage_seal(void);

/* The same for the set-uid helper, once it knows what it is asked for: no system call but
   those that mounting and unmounting take, and no exec among them. 0 or -errno: of a kernel
   without seccomp, -EINVAL or -ENOSYS. */
int cage_helper(void);

#endif
