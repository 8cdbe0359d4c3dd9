/* SPDX-License-Identifier: MIT */
/* launch: executes a server with the requested privileges, and waits until it answers. */
#ifndef FUSEBOX_LAUNCH_LAUNCH_H
#define FUSEBOX_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

/* The privileges that the server runs with. */
struct launch {
	const char *user;	/* "USER[:GROUP]"; NULL: this process's */
	bool drop_caps;		/* drop all capabilities; execve(2) does not restore them */
	bool no_new_privs;
};

/* If the server will run as another user or without capabilities, gives up the controlling
   terminal, into which the server could otherwise inject input (TIOCSTI): a standard input that
   is a terminal becomes /dev/null, and terminal output is reopened write-only. A session leader
   forks: the function returns in the child, and the parent forwards signals, waits, and exits
   with the child's status. Call before launch_become(). Returns 0 or -errno. */
int launch_leave_terminal(const struct launch *l);

/* Prints why user_find() failed. Returns 1. */
int launch_no_user(const char *user, int negative_errno);

/* Sets the user, groups and capabilities of this process as l says. Returns 0, or 1 after
   printing the error. */
int launch_become(const struct launch *l);

enum { LAUNCH_NOT_EXECUTABLE = 126, LAUNCH_NOT_FOUND = 127 };

/* Executes file, a path or a name in PATH, with argv and the environment. Returns only on failure,
   after printing the error: 127 not found, 126 not executable. */
int launch_exec(const char *file, char **argv);

/* The id of the mount that path is on, or 0 if statx(2) fails. */
uint64_t launch_mounted(const char *path);

/* launch_wait() returns this if the server exits with status 0 and nothing is mounted. */
enum { LAUNCH_UNMOUNTED = -0x1000 };

/* The exit status of a shell for a status of wait4(2): 128 + N if signal N ended the process. */
int launch_exit_status(int wait_status);

/* Waits until a FUSE mount whose id differs from `before` is at path and has no waiting requests,
   which means that its server has replied to INIT; without access to fusectl, the mount alone
   counts. `held`, if not -1, is a descriptor of the directory, and its path then counts instead, since another
   user may rename it. Returns 0 then, and also if the server `child` exits with status 0 and such a mount
   is there, served by a process in the background. Returns the exit status if the server
   fails (128 + N: killed by signal N), LAUNCH_UNMOUNTED, or -ETIMEDOUT after `milliseconds`
   (below 0: wait forever). */
int launch_wait(int child, const char *path, int held, uint64_t before, int milliseconds);

/* The same for a connection, which need not be mounted. A server that exits with status 0 may have gone to
   the background: 0 only once the connection has no waiting requests. LAUNCH_UNMOUNTED: the server
   exited with status 0, and the connection is over. */
int launch_wait_connection(int child, uint64_t connection, int milliseconds);

#endif
