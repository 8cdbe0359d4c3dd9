/* SPDX-License-Identifier: MIT */
/* ids: system calls that change the calling thread's ids and capabilities. */
#ifndef FUSEBOX_SYS_IDS_H
#define FUSEBOX_SYS_IDS_H

#include <stdint.h>
#include <sys/syscall.h>

/* libc's wrappers change the ids of all threads, and link the code for that. On some 32-bit
   machines the plain call numbers take 16-bit ids. */
#ifdef SYS_setresuid32
enum { SETRESUID = SYS_setresuid32, SETRESGID = SYS_setresgid32, SETFSUID = SYS_setfsuid32,
       SETGROUPS = SYS_setgroups32 };
#else
enum { SETRESUID = SYS_setresuid, SETRESGID = SYS_setresgid, SETFSUID = SYS_setfsuid,
       SETGROUPS = SYS_setgroups };
#endif

struct cap_header { uint32_t version; int pid; };
struct cap_data { uint32_t effective, permitted, inheritable; };
static const struct cap_header this_process = { 0x20080522, 0 };

#endif
