/* SPDX-License-Identifier: MIT */
/* plan: what the driver (tests/tools/faults.c) and the seam share, in a file that FAULTS
 * names: which call is to fail, and which calls there were. */
#ifndef FUSEBOX_FAULTS_PLAN_H
#define FUSEBOX_FAULTS_PLAN_H

#include <stdint.h>

/* How a call fails: with an errno, or done in part; or a kind of it always, each other time; or the
   process is killed before it makes the call. */
enum { PLAN_SHORT = 1000, PLAN_ALL_INTERRUPTED, PLAN_ALL_SHORT, PLAN_KILLED };
enum { PLAN_RECORDS = 1 << 16, PLAN_EXECS = 64 };

/* The kind of file that a descriptor refers to; of a pipe or a socket, whether its peer is open. */
enum { PLAN_OTHER, PLAN_FUSE_DEVICE, PLAN_FILE, PLAN_PEER, PLAN_PROC };

struct plan_record {
	uint64_t process;	/* which, by its place in the family */
	uint64_t stack;		/* the chain of callers, hashed */
	int64_t first, second;	/* arguments */
	uint32_t call;		/* how many its process had made */
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
	uint32_t always;	/* this kind of call fails from the start, each time; 0: none */
	int32_t recording;
	uint32_t count;
	struct { int32_t pid; uint64_t process; } execs[PLAN_EXECS];
	struct plan_record records[PLAN_RECORDS];
};

#endif
