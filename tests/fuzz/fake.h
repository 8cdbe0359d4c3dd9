/* SPDX-License-Identifier: MIT */
/* fake: a fake kernel in place of core/sys. The calls have no effect: a target provides the files, and
 * the input decides byte by byte what each call returns. After the input's end every call succeeds. A
 * descriptor that is closed twice, or used after it was closed, ends the target.
 *
 * Every function of sys.h must be defined here, except those of core/sys/whole.c, which only call
 * others: for a missing one the linker takes the object of core/sys that defines it, and then reports
 * the object's other functions as defined twice. */
#ifndef FUSEBOX_FAKE_H
#define FUSEBOX_FAKE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuzz.h"

extern struct fake {
	struct input decisions;
	size_t most;			/* bytes that one read returns; 0: as many as the caller
					   asks for */
	uid_t uid;			/* the uid of the process */
	uint32_t page;			/* 0: 4096 */
	bool unique_ids;		/* whether statx gives unique mount ids */
	bool may_fork_child;		/* whether a fork may return in the child */
	/* sys_exit() and exec, which do not return, jump back to the target by longjmp. Call
	   fake_start() before. */
	jmp_buf end;
	bool ends;
	/* statmount(2) and listmount(2); NULL: -ENOSYS. */
	int (*statmount)(uint64_t id, uint64_t mask, void *buf, size_t size);
	int (*listmount)(uint64_t after, uint64_t *ids, size_t count, bool newest_first);
} fake;

/* Starts a new world: no files exist, and nothing is open. */
void fake_start(void);
/* Adds a file by its whole path. The bytes remain the caller's. */
void fake_file(const char *path, const void *bytes, size_t size);
/* Frees the pages that the applet left mapped because the process would have ended. */
void fake_free_pages(void);
/* How many descriptors are open. */
unsigned int fake_open(void);

#endif
