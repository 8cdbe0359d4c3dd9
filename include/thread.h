/* SPDX-License-Identifier: MIT */
/* thread: threads, locks and CPUs of a server. */
#ifndef FUSEBOX_THREAD_H
#define FUSEBOX_THREAD_H

#include <stdint.h>

/* Starts run(arg) in a detached thread with all signals blocked and a stack of 128 KiB. 0 or
   -errno. */
int thread_start(void *(*run)(void *), void *arg);

/* Starts `count` idle threads; call it at most once. From then on thread_start() creates no
   threads: it hands run(arg) to an idle thread, which becomes idle again when run() returns, or
   returns -EAGAIN if no thread is idle. Returns how many threads it could start. */
uint32_t thread_reserve(uint32_t count);

/* A lock is an int that is initially 0. Do not hold it during a system call that can block. */
void thread_lock(int *lock);
void thread_unlock(int *lock);

/* How many CPUs this process may run on, and the kernel's number of possible CPUs, each of which
   has an io_uring queue (0: unknown). */
int thread_cpus(void);
int thread_possible_cpus(void);

/* Binds the calling thread to one CPU, if that is permitted. */
void thread_bind(int cpu);

/* Gives the calling thread its own umask and working directory: unshare(CLONE_FS). */
void thread_own_umask(void);

#endif
