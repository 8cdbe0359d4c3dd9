/* SPDX-License-Identifier: MIT */
/* task: the threads of a process, as /proc shows them. Nothing here waits for a thread that is
 * blocked. */
#ifndef FUSEBOX_PROC_TASK_H
#define FUSEBOX_PROC_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/dir.h"

/* Opens the directory of a process's threads, whose names are their numbers. 0 or -errno; the caller
   closes dir->fd. */
int task_opendir(struct sys_dir *dir, int pid);

/* The state of a thread of process `pid`, as in proc_pid_stat(5); '\0': it has no such thread. */
char task_state(int pid, int tid);

/* Call it in a child: it can block while the thread's process executes a program. When the thread last ran,
   in microseconds of the scheduler's clock of the processor *cpu; 0: not available. For the calling thread
   that is the present, to within a tick. These clocks leave out the time that a hypervisor takes, so they
   differ. */
uint64_t task_last_ran(int tid, int *cpu);

/* For how many milliseconds the thread has not run; -1: not available. A thread that has waited for
   longer, and was woken by a signal meanwhile, has run since. Moves the calling thread to the
   processor where that thread ran, to read its clock once. */
struct task_clock { uint64_t now[256]; /* of each processor, microseconds; 0: not read yet */ };
int32_t task_idle(struct task_clock *clock, int tid);

/* Whether a thread of process `pid` has this number in one of its PID namespaces. */
bool task_has_number(int pid, uint32_t number);

/* Whether a thread waits for a FUSE server; `wchan` is what its file of that name says, which blocks
   while its process executes a program. */
bool task_waits_for_server(const char *wchan);

/* The number of the process that traces process `pid`; 0: none, or not visible. */
int task_tracer(int pid);

#endif
