/* launch: from this process to the server's, and waiting for it to answer. */
#ifndef FUSEBOX_LAUNCH_LAUNCH_H
#define FUSEBOX_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

/* What the server is to be. */
struct launch {
	const char *user;	/* "USER[:GROUP]"; NULL: as now */
	bool drop_caps;		/* no capability, now or by an exec */
	bool no_new_privs;
};

/* If the server is to have other rights than this process, takes the controlling terminal away
   from it, where it could type as the user of this process (TIOCSTI): standard input becomes
   /dev/null if it is a terminal, and output is only written. Where this process leads the
   session, what returns is a child, for which this process waits, handing on signals and its
   status. 0, or -errno. Before launch_become(). */
int launch_leave_terminal(const struct launch *l);

/* Becomes what l says. On failure says why, and returns 1. */
int launch_become(const struct launch *l);

/* Becomes file, a path or a name in PATH, with argv and the environment. Returns only on failure, having said why: 127 not found, 126 not executable. */
int launch_exec(const char *file, char **argv);

/* What is mounted at path: its mount's id, 0 for what has none. */
uint64_t launch_mounted(const char *path);

/* What launch_wait returns when the server ended with status 0 and left no mount behind. */
enum { LAUNCH_UNMOUNTED = -0x1000 };

/* Waits until the FUSE mount at path, another than `before`, answers: its INIT
   has been, as far as the control file system tells. Returns 0 then, or when the
   server, child, ends with status 0 and something else than `before` is mounted, served
   by a process that it left behind; its status when it fails (128 + N: by signal N);
   -ETIMEDOUT after so many milliseconds (below 0: never). */
int launch_wait(int child, const char *path, uint64_t before, int milliseconds);

#endif
