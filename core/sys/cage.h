/* SPDX-License-Identifier: MIT */
/* cage: confine a server with Landlock and seccomp, so that an attacker who controls it can do
 * little. */
#ifndef FUSEBOX_SYS_CAGE_H
#define FUSEBOX_SYS_CAGE_H

#include <stdint.h>

/* 0 if the kernel has Landlock as of Linux 6.2, which cage_close() needs, and the filter knows this
   machine; else -ENOSYS. */
int cage_offered(void);

/* Confines the calling thread, and the threads that it starts later, irreversibly.
   Landlock: the process can open, create, remove and truncate files only below the directory
   `root` (a descriptor that the caller keeps; -1: none), can neither bind nor connect a TCP
   socket, and can signal only itself.
   seccomp: only the system calls that serving needs, and with a `root` those on files, are
   allowed; all others fail with EPERM, as do unneeded fcntl(2) and ioctl(2) commands.
   chroot(2): `root` becomes the root directory. If a user other than root may not do that, the
   server keeps its root directory and loses all capabilities.
   Capabilities: the process keeps those in `capabilities` except CAP_SYS_ADMIN and CAP_MKNOD;
   see priv_keep_only().
   Standard streams: standard input is at end of file, and a terminal is open for writing only.
   Returns 0, or -errno: then the process must end. -EPERM: the process is root without
   CAP_SYS_ADMIN and CAP_SYS_CHROOT.
   https://docs.kernel.org/userspace-api/landlock.html, seccomp(2). */
int cage_close(int root, uint64_t capabilities);

#endif
