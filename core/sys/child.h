/* aside: run a function that can block in a child process, and wait for its result for a limited
 * time. */
#ifndef FUSEBOX_SYS_CHILD_H
#define FUSEBOX_SYS_CHILD_H

struct aside { int pid, socket; };

/* Forks a child that calls fn; aside_wait() returns fn's result. 0 or -errno. */
int aside_start(struct aside *aside, int (*fn)(void *data), void *data);

/* Waits for fn's result, returns it and reaps the child. -ETIMEDOUT: the child still runs, and
   the caller may wait again; -EIO: the child ended without a result. */
int aside_wait(struct aside *aside, int milliseconds);

/* Closes the socket without waiting for the child, which goes on. */
void aside_leave(struct aside *aside);

#endif
