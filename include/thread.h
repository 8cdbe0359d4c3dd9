/* thread: several threads of one server, and what keeps them apart. */
#ifndef FUSEBOX_THREAD_H
#define FUSEBOX_THREAD_H

#include <stdint.h>

/* Starts run(arg) in a thread that nobody waits for, and that no signal is handed to.
   Its stack has 128 KiB. 0 or -errno. */
int thread_start(void *(*run)(void *), void *arg);

/* Starts so many threads that wait, once in a process. From then on thread_start() starts none
   but hands its work to one of them, which waits again when run() returns; -EAGAIN if all of
   them are at work. 0, or -errno: then some may be missing. */
int thread_reserve(uint32_t count);

/* A lock: an int, 0 when it is free. Never held over a system call that may wait. */
void thread_lock(int *lock);
void thread_unlock(int *lock);

/* How many CPUs this process may run on, and how many the kernel counts for its queues
   (0: not known). */
int thread_cpus(void);
int thread_possible_cpus(void);

/* Binds the calling thread to one CPU, where that is allowed. */
void thread_bind(int cpu);

/* Gives the calling thread a umask and a directory of its own. */
void thread_own_umask(void);

#endif
