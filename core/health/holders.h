/* SPDX-License-Identifier: MIT */
/* holders: the processes that keep a file system busy.
 *
 * It compares the device numbers of the files that the links /proc/PID/{cwd,root,exe,fd/N} lead
 * to. statx(2) with an empty mask and AT_STATX_DONT_SYNC sends no request to a FUSE server, and
 * so does not block. This also finds holders of a mount that is detached, covered, or in another
 * mount namespace, and threads with their own working directory or descriptor table. A process can
 * block whoever looks at it, so a child looks: see proc/scout.h.
 */
#ifndef FUSEBOX_HEALTH_HOLDERS_H
#define FUSEBOX_HEALTH_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

enum holder_how { HOLDER_CWD = 1, HOLDER_ROOT = 2, HOLDER_EXE = 4, HOLDER_FILE = 8, HOLDER_MAP = 16,
		  HOLDER_LOOP = 32, HOLDER_SWAP = 64 /* only from devices.h */ };

struct holder {
	int pid;
	unsigned int how;	/* HOLDER_*, one or more */
	int64_t uid;		/* effective; -1: unknown */
	char command[16];	/* /proc/PID/comm: the kernel keeps 15 bytes */
	char file[256];		/* the first open file or mapping, may be truncated; "": none */
};

/* Calls fn for each process, except this one, that holds device major:minor, until fn returns
   non-zero. Returns fn's last result, or -errno if /proc cannot be read. Skips what blocks the
   child that looks. Uses one descriptor and a child meanwhile. */
int holders_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *holder, void *data), void *data);

/* Whether holders_each() finds a process: 1, 0, or its -errno. */
int holders_any(uint32_t major, uint32_t minor);

/* Whether process pid holds the device now. The same time limit holds for its maps. */
bool holder_is(int pid, uint32_t major, uint32_t minor);

/* "cwd, open file" for the bits of how, in a static buffer. */
const char *holder_how_text(unsigned int how);

#endif
