/* SPDX-License-Identifier: MIT */
/* command: the program that fmount starts as the server. */
#ifndef FUSEBOX_FMOUNT_COMMAND_H
#define FUSEBOX_FMOUNT_COMMAND_H

#include "fmount.h"

/* The program's arguments with /dev/fd/N in place of each {}, or appended; the descriptor is no longer
   close-on-exec. The array is never freed. NULL once the error is printed. */
char **command_place(char **program, int device);

/* Executes the server. Returns an exit status, and only on failure, once the error is printed. */
int command_exec(const struct fmount *f, char **argv);

/* Becomes the server, or with --keep its keeper. Returns an exit status: with --keep once nothing is mounted
   any more, else as command_exec(). */
int command_serve(const struct fmount *f, const struct mountpoint *at, int device, char **argv);

/* Prints why the program does not serve, unless its child has. Returns the exit status for `status`, the
   program's own, or 128 and the signal that ended it. */
int command_report_end(const char *program, int status);

#endif
