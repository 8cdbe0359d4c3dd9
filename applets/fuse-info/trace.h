/* SPDX-License-Identifier: MIT */
/* trace: show each request of a mount, or sum them up by operation. */
#ifndef FUSEBOX_FUSE_INFO_TRACE_H
#define FUSEBOX_FUSE_INFO_TRACE_H

#include "view.h"

struct trace_args {
	const char *word;	/* the mount (target.h); NULL: all mounts, for trace_top() */
	int seconds;		/* to run for; 0: until a signal, or the end of the mount */
	uint64_t operations;	/* bit N: show the operation N; 0: all */
	int pid;		/* show requests of this process; 0: all */
	int slower;		/* milliseconds: show requests that took at least this long */
};

/* Reads a list such as "LOOKUP,READ". NULL, or the first word that is no operation. */
const char *trace_operations(const char *list, uint64_t *operations);

/* Prints each request, as a line of text or one JSON object a line, when it has ended. Returns an
   exit status. */
int trace_requests(struct view *view, const struct trace_args *args);

/* Prints how many requests there were of each operation within args->seconds, and how long they
   took. Again and again if `again`. Returns an exit status. */
int trace_top(struct view *view, const struct trace_args *args, bool again);

/* The options of fuse-info that choose --trace or --top, and narrow what it shows. */
struct trace_choice { const char *trace, *top, *operations; int pid, slower; };
/* Why the options contradict each other, or NULL. other: an option is given that goes with neither --trace
   nor --top. */
const char *trace_contradiction(const struct trace_choice *choice, char **operands, bool all, bool watch, bool other);
/* Runs --trace or --top, whichever is chosen, for the mounts that `word` means. Returns an exit status. */
int trace_chosen(const struct trace_choice *choice, struct view *view, const char *word, bool watch);

/* For --trace and --top. trace_open() finds the connection (0 without a word), and starts tracing; it
   prints errors, and returns 0 or -errno. trace_goes_on() waits for a moment, and is true until a
   signal, the end of the connection, a failed write, or the time `until` (0: none) of
   sys_clock_ns(). trace_is_over() is true from the INIT on with which another connection begins that got
   the number of the one that is traced. trace_close() stops tracing, and returns how many events were lost. */
struct tracing;
struct event;
int trace_open(struct tracing *tracing, const char *word, uint64_t *connection);
bool trace_goes_on(const struct view *view, uint64_t until);
bool trace_is_over(const struct event *event);
uint64_t trace_close(struct tracing *tracing);

/* The name of an operation, or its number. */
const char *trace_operation(unsigned int opcode, char text[12]);
/* An event's error as a word, such as "ENOENT"; "" for 0. */
const char *trace_error(int error, char text[12]);

#endif
