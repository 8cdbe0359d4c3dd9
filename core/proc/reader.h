/* SPDX-License-Identifier: MIT */
/* reader: reads those files of /proc/PID that block while the process executes a program, which the
 * process's user can prolong: stat, wchan, io, and the links in ns. (comm, status and sched do not block.)
 *
 * A child reads them. One that does not answer within a time limit is killed and left behind, and
 * the next call starts another.
 */
#ifndef FUSEBOX_PROC_READER_H
#define FUSEBOX_PROC_READER_H

#include <stddef.h>
#include <sys/types.h>

enum { READER_TEXT = 1024 };	/* the longest text that reader_read() returns, with its NUL */

/* Reads /proc/DIR/FILE, and ends the text with '\0'; dir is "PID" or "PID/task/TID". Returns its
   length, -ETIMEDOUT if the process blocks the child, or another -errno. */
ssize_t reader_read(const char *dir, const char *file, char *text, size_t size);

/* Opens /proc/DIR/FILE for reading: returns a descriptor, which the caller closes, -ETIMEDOUT or
   another -errno. */
int reader_open(const char *dir, const char *file);

/* Ends the child. Call it before an exec: the new program would not know of the child. */
void reader_end(void);

#endif
