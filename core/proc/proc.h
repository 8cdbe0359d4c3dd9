/* proc: small readers of /proc. */
#ifndef FUSEBOX_PROC_PROC_H
#define FUSEBOX_PROC_PROC_H

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

/* Whether /proc leaves out processes of other users (hidepid=2 or 4, proc(5)): a process
   that it does not list may then exist all the same. */
bool proc_hides(void);

/* Calls fn for each process that /proc shows, until it returns something else than 0,
   and returns that; -errno if /proc cannot be read. */
int proc_each(int (*fn)(const char *pid, void *data), void *data);

/* The command's name, which can be read of a blocked process too; "?" if gone. */
void proc_command(int pid, char command[16]);

/* The number behind "key:" in a text such as /proc/PID/status, or -1. */
int64_t proc_field(const char *text, const char *key);

/* What is told of a process without touching its memory. */
struct proc_facts {
	char command[16];
	char state;		/* 'S', 'T' … as in proc_pid_stat(5) */
	int threads, parent;
	uint64_t age;		/* seconds */
	int64_t uid;		/* effective; -1: not told */
};
int proc_facts(int pid, struct proc_facts *facts);

/* A process, held before it is looked at, and signalled after: the signal reaches the process
   that was looked at, or none. Before Linux 5.3, without pidfds, the time at which it began is
   compared right before the signal. */
struct proc_held { int pid, pidfd; uint64_t began; };
int proc_hold(struct proc_held *held, int pid);	/* 0, and proc_release() is due; -ESRCH … */
int proc_signal(const struct proc_held *held, int sig);	/* 0; -ESRCH when it has ended */
void proc_release(struct proc_held *held);

/* The context switches of its threads, and the ticks of processor time that they used: a number
   that does not change while none of them runs. */
uint64_t proc_activity(int pid);

/* Whether every thread of it is stopped, by a signal or a tracer, or frozen, by a cgroup. */
bool proc_stopped(int pid);

/* The bytes that it has passed to write(2) and its kind; -1: the kernel does not tell, or not
   this user. Bytes sent by splice(2) or io_uring are not counted. */
int64_t proc_written(int pid);

/* Calls fn for each mount namespace that a process is in, with its number and that
   process; until fn returns something else than 0, and returns that. *hidden
   becomes true when there are, or may be, processes whose namespace cannot be seen.
   -errno. */
int proc_each_namespace(int (*fn)(uint64_t number, int pid, void *data), void *data, bool *hidden);
uint64_t proc_namespace(void);	/* our own; 0: not to be seen */

/* The FUSE connection of a process's descriptor of /dev/fuse, from its fdinfo; pid
   and fd as /proc has them ("self", "5"). 0; -ENODATA when the kernel does not tell
   (before 6.16), or what opening it gave. */
int proc_connection(const char *pid, const char *fd, uint64_t *connection);

#endif
