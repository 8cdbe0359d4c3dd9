/* holders: which processes keep a file system busy.
 *
 * Told by the device number of what the links /proc/PID/{cwd,root,exe,fd/N}
 * lead to, asked in a way that a FUSE server is not told of and cannot hold up
 * (statx(2) with an empty mask and AT_STATX_DONT_SYNC). So it also finds those
 * who hold a mount that is detached, covered, or in another mount namespace. A thread
 * may have a directory or a table of open files of its own: those are looked at, too.
 * Only maps can block, on a process that waits for a page: they are read in a
 * child that is given up when it does not come back.
 */
#ifndef FUSEBOX_HEALTH_HOLDERS_H
#define FUSEBOX_HEALTH_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

enum holder_how { HOLDER_CWD = 1, HOLDER_ROOT = 2, HOLDER_EXE = 4, HOLDER_FILE = 8, HOLDER_MAP = 16,
		  HOLDER_LOOP = 32, HOLDER_SWAP = 64 /* told by devices.h alone */ };

struct holder {
	int pid;
	unsigned int how;	/* HOLDER_*, one or more */
	int64_t uid;		/* effective; -1: not told */
	char command[16];	/* /proc/PID/comm: the kernel keeps 15 bytes */
	char file[256];		/* the first open file or mapping, cut; "": none */
};

/* Calls fn for each process that holds device major:minor, but the caller, and
   those that must not be told since fn returns non-zero, which ends the scan.
   Returns fn's last result, or -errno if /proc cannot be read. A process whose
   maps cannot be read within 300 ms is passed over, and after four such the maps of
   the rest are not tried. Takes two descriptors and
   a child for its time. */
int holders_each(uint32_t major, uint32_t minor,
		 int (*fn)(const struct holder *holder, void *data), void *data);

/* Whether process pid holds it, now. The same is so of its maps. */
bool holder_is(int pid, uint32_t major, uint32_t minor);

/* "cwd, open file" for the bits of how, in a static buffer. */
const char *holder_how_text(unsigned int how);

#endif
