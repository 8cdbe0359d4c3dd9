/* SPDX-License-Identifier: MIT */
/* time: clocks. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "call.h"

static uint64_t clock_ns(int clock)
{
	int64_t now[2] = { 0, 0 };	/* seconds and nanoseconds: struct __kernel_timespec */

#ifdef SYS_clock_gettime64
	struct timespec old;

	if (syscall(SYS_clock_gettime64, clock, now) < 0 && clock_gettime(clock, &old) == 0) {
		now[0] = old.tv_sec;	/* before 5.1 */
		now[1] = old.tv_nsec;
	}
#else
	syscall(SYS_clock_gettime, clock, now);
#endif
	return (uint64_t)now[0] * NS_PER_S + (uint64_t)now[1];
}

uint64_t sys_clock_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t sys_since_boot(void) { return clock_ns(CLOCK_BOOTTIME) / NS_PER_S; }
/* CPUCLOCK_SCHED of all threads of a process: clock_getcpuclockid(3). */
uint64_t sys_cpu_time_ns(pid_t pid) { return clock_ns((int)(~(unsigned int)pid << 3 | 2)); }
uint64_t sys_today(void) { return clock_ns(CLOCK_REALTIME) / NS_PER_S; }
uint64_t sys_today_us(void) { return clock_ns(CLOCK_REALTIME) / NS_PER_US; }
