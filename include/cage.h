/* cage: what a server that is taken over could still do, made little. */
#ifndef FUSEBOX_CAGE_H
#define FUSEBOX_CAGE_H

#include <stdint.h>

/* Whether the kernel has all that it takes: Landlock as of Linux 6.2. 0 or -ENOSYS. */
int cage_offered(void);

/* From now on, of this thread and those that it starts: no file is opened, made, removed or
   cut but below the directory `root` (-1: none at all; Landlock), which becomes the root
   directory if this process may do that; and no system call is made that serving does not
   take, and those on files if `root` is given (seccomp; others fail with EPERM). Of the
   capabilities those in the set are kept, but for CAP_SYS_ADMIN and CAP_MKNOD; see priv_keep_only().
   0 or -errno: then the process must not go on.
   https://docs.kernel.org/userspace-api/landlock.html, seccomp(2). */
int cage_close(int root, uint64_t capabilities);

/* The same for the set-uid helper, once it knows what it is asked for: no system call but
   those that mounting and unmounting take, and no exec among them. 0 or -errno: of a kernel
   without seccomp, -EINVAL or -ENOSYS. */
int cage_helper(void);

#endif
