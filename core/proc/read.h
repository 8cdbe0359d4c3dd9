/* SPDX-License-Identifier: MIT */
/* read: files of /proc about a process or a thread, and the words in them. */
#ifndef FUSEBOX_PROC_READ_H
#define FUSEBOX_PROC_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The name of process or thread `id` in /proc. */
const char *read_name(int id, char text[12]);

/* Reads /proc/DIR/FILE; dir is "PID" or "PID/task/TID". As sys_read_file(). */
ssize_t read_proc(const char *dir, const char *file, char *text, size_t size);

/* Returns the fields of stat from the state on (proc_pid_stat(5)), which are in text; NULL if the
   process or thread has ended. */
const char *read_stat(const char *dir, char *text, size_t size);

/* The n-th of the words that follow, separated by single spaces; "" if there are fewer. */
const char *read_word(const char *at, int n);

/* The decimal number that begins there; 0: none. */
uint64_t read_number(const char *at);

#endif
