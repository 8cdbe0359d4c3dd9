/* SPDX-License-Identifier: MIT */
/* read: files of /proc about a process or a thread, and the words in them. */
#ifndef FUSEBOX_PROC_READ_H
#define FUSEBOX_PROC_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The name of process or thread `id` in /proc. */
const char *read_name(int id, char text[12]);

/* Reads /proc/DIR/FILE as sys_read_file() does; dir is "PID" or "PID/task/TID". Outside a child read only
   files that do not block (see reader.h). */
ssize_t read_proc(const char *dir, const char *file, char *text, size_t size);

/* The state of a process or thread, as in proc_pid_stat(5); '\0': it has ended. */
char read_state(const char *dir);

/* The fields of a text of proc_pid_stat(5) from the state on; "": none. */
const char *read_fields(const char *stat);

/* The n-th of the words that follow, separated by single spaces; "" if there are fewer. */
const char *read_word(const char *at, int n);

#endif
