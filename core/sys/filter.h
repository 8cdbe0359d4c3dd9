/* SPDX-License-Identifier: MIT */
/* filter: seccomp(2) filters, after which a process can make only the system calls that it needs. A
 * filter names them by the numbers of one machine: filter.c lists the machines that it knows. */
#ifndef FUSEBOX_SYS_FILTER_H
#define FUSEBOX_SYS_FILTER_H

#include <stdbool.h>

/* 0, or -ENOSYS: this machine is not known. */
int filter_offered(void);

/* Allows the calling thread, and those that it starts, only the system calls that serving takes,
   with `files` also those on files; all others fail with EPERM. 0, or -errno: then the process
   must end. */
int filter_server(bool files);

/* After cage_close(), once all threads are started: forbids clone(2) and seccomp(2) to all
   threads. 0, or -errno: then the process must end. */
int filter_seal(void);

/* For the set-uid helper, once its command line is parsed: allows only the system calls that
   mounting and unmounting need; execve(2) is not among them. 0 or -errno: -EINVAL or -ENOSYS if
   the kernel has no seccomp. */
int filter_helper(void);

#endif
