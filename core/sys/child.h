/* SPDX-License-Identifier: MIT */
/* child: run a function that can block in a child process, and wait for its result for a limited
 * time. */
#ifndef FUSEBOX_SYS_CHILD_H
#define FUSEBOX_SYS_CHILD_H

struct child { int pid, socket; };

/* As fork(2), with *socket as each process's end of a stream socket between the two, which is
   close-on-exec: the child's pid, 0 in the child, or -errno, without a socket. */
int child_fork(int *socket);

/* Forks a child that calls fn; child_wait() returns fn's result. 0 or -errno. In the child,
   child->socket is its end of the pair. */
int child_start(struct child *child, int (*fn)(void *data), void *data);

/* Waits for fn's result, returns it and reaps the child, unless that blocks for a second as it ends. -ETIMEDOUT:
   the child still runs, and the caller may wait again; -EIO: the child ended without a result. */
int child_wait(struct child *child, int milliseconds);

/* How many milliseconds to wait for a child that looks at another process, after `lost` of them have not
   answered. */
int child_patience(int lost);

/* As child_start() and child_wait(). child_run() kills a child that takes longer; after child_run_on() such a child
   goes on. */
int child_run(int (*fn)(void *data), void *data, int milliseconds);
int child_run_on(int (*fn)(void *data), void *data, int milliseconds);

/* Kills the child, and reaps it if it ends at once: one that waits for a user's server can be deaf to
   SIGKILL. */
void child_kill(struct child *child);

/* Closes the socket without waiting for the child, which goes on. */
void child_leave(struct child *child);

/* A socket, and the pid of the child that has a copy of its descriptor; -1: none. */
struct child_held { int socket, holder; };
#define CHILD_HELD_NONE (struct child_held) { -1, -1 }

/* Closing a socket closes the descriptors in the messages that wait in it, and that can block for as long as their
   sender likes, deaf to SIGKILL. child_hold() forks a child that has nothing but held->socket, if there is none yet:
   the child then makes the last close, even if this process is killed. 0 or -errno. child_release() closes the
   socket, if any, and lets the child end, without waiting for it: the caller reaps it. */
int child_hold(struct child_held *held);
void child_release(struct child_held *held);

#endif
