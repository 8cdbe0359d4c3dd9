/* SPDX-License-Identifier: MIT */
/* plan: the data that the driver (tests/tools/faults.c) and the seam share in the file named by
   FAULTS: which call fails, and which calls were made. */
#ifndef FUSEBOX_FAULTS_PLAN_H
#define FUSEBOX_FAULTS_PLAN_H

#include <stdint.h>

/* How a call fails: with an errno, or in part; or every other call of its kind is interrupted or
   short; or the process is killed before it makes the call. */
enum { PLAN_SHORT = 1000, PLAN_ALL_INTERRUPTED, PLAN_ALL_SHORT, PLAN_KILLED };
enum { PLAN_RECORDS = 1 << 16, PLAN_EXECS = 64 };

/* The kind of file that a descriptor refers to; of a pipe or a socket, whether its peer is open. */
enum { PLAN_OTHER, PLAN_FUSE_DEVICE, PLAN_FILE, PLAN_PEER, PLAN_PROC };

struct plan_record {
	uint64_t process;	/* the process, by its place in the tree of forks */
	uint64_t stack;		/* the chain of callers, hashed */
	int64_t first, second;	/* arguments */
	uint32_t call;		/* how many calls its process had made before */
	uint16_t number, file;
};

struct plan {
	/* The call to fail: the next call of that kind in this process, from this number on.
	   Which thread makes which call differs from run to run. */
	uint64_t process;
	uint32_t call;
	uint16_t number, file;
	int32_t how;		/* 0: none */
	uint32_t fired;
	uint32_t always;	/* the kind of call that fails each time from the start; 0: none */
	int32_t recording;
	uint32_t count;
	struct { int32_t pid; uint64_t process; } execs[PLAN_EXECS];
	struct plan_record records[PLAN_RECORDS];
};

#endif
