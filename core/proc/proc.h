/* SPDX-License-Identifier: MIT */
/* proc: small readers of /proc. */
#ifndef FUSEBOX_PROC_PROC_H
#define FUSEBOX_PROC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether /proc is mounted, not just a directory. */
bool proc_mounted(void);

/* Whether /proc omits processes of other users (hidepid=2 or 4, proc(5)): a process that it does
   not list may still exist. */
bool proc_hides(void);

/* Whether this process is in the first PID namespace, so that pids which the kernel reports are
   those of /proc, and /proc can list the processes of all namespaces. */
bool proc_is_outermost(void);

/* Calls fn for each process that /proc lists, until it returns non-zero, and returns that; -errno
   if /proc cannot be read. */
int proc_each(int (*fn)(const char *pid, void *data), void *data);

/* Stores the command's name, which is readable even if the process is blocked; "?" if it has
   ended. */
void proc_command(int pid, char command[16]);
enum { PROC_COMMAND_MOST = 15 };

/* The number after "key:" in a text such as /proc/PID/status, or -1. */
int64_t proc_field(const char *text, const char *key);

/* The facts that are readable at once, even while the process executes a program (see reader.h). */
struct proc_facts {
	char command[16];
	char state;		/* 'S', 'T' … as in proc_pid_stat(5) */
	int threads, parent;
	int64_t uid;		/* effective; -1: unknown */
};
int proc_facts(int pid, struct proc_facts *facts);

/* Stores the supplementary groups of a thread in `groups`, which has `room` places. Returns how many there are;
   -ESRCH: no thread has this number, or its fsuid or fsgid is another, since the number has been given again;
   -E2BIG: it has more groups; -EPERM: it has capabilities, of any user namespace, that pass over the mode of files.
   See proc_pid_status(5). */
int proc_groups(int tid, uint32_t fsuid, uint32_t fsgid, uint32_t *groups, size_t room);

/* Its age in seconds; -1: not known, or the process blocks whoever asks (see reader.h). */
int64_t proc_age(int pid);

/* A process that the caller holds before it reads its facts and signals it, so that the signal
   does not reach a later process with the same pid. Before Linux 5.3, without pidfds,
   proc_signal() compares the start time instead. */
struct proc_held { int pid, pidfd; uint64_t began; };
int proc_hold(struct proc_held *held, int pid);	/* 0: the caller calls proc_release(); or -errno: -ESRCH */
int proc_signal(const struct proc_held *held, int sig);	/* 0 or -errno; -ESRCH: it has ended */
void proc_release(struct proc_held *held);

/* The sum of its threads' context switches and nanoseconds of processor time. It does not change while
   no thread runs. */
uint64_t proc_activity(int pid);

/* Whether each of its threads is stopped by a signal or a tracer, or frozen by a cgroup. */
bool proc_stopped(int pid);

/* The bytes that it has passed to write(2) and similar calls; -1: not available, or not to this
   user. The kernel does not count the bytes of splice(2) and io_uring. */
int64_t proc_written(int pid);

/* Calls fn for each mount namespace of any process, with the namespace's inode number and one
   process in it, until fn returns non-zero, and returns that, or -errno. Sets *hidden if there
   may be processes whose namespace is not visible. */
int proc_each_namespace(int (*fn)(uint64_t number, int pid, void *data), void *data, bool *hidden);
uint64_t proc_namespace(void);	/* this process's; 0: not visible */

/* The bytes of memory that this process may use: those of the machine, or fewer if its cgroup (version 2, below
   /sys/fs/cgroup) or one above it has a limit, memory.max. 0: unknown. */
uint64_t proc_memory(void);

/* Reads the FUSE connection of a process's /dev/fuse descriptor from its fdinfo; pid and fd are
   names in /proc ("self", "5"). Returns 0; -ENODATA if fdinfo does not show it (before Linux
   6.16); or the -errno of opening fdinfo. */
int proc_connection(const char *pid, const char *fd, uint64_t *connection);

#endif
