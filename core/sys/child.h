/* aside: work that may be held up, in a child, with a limit of time for its result. */
#ifndef FUSEBOX_SYS_CHILD_H
#define FUSEBOX_SYS_CHILD_H

struct aside { int pid, socket; };

/* Has a child call fn, whose result is told by aside_wait(). 0 or -errno. */
int aside_start(struct aside *aside, int (*fn)(void *data), void *data);

/* The result, and the child is gone; -ETIMEDOUT when there is none yet: the child goes
   on, and may be waited for again; -EIO when it ended without one. */
int aside_wait(struct aside *aside, int milliseconds);

/* Waits no more for it. */
void aside_leave(struct aside *aside);

#endif
