/* SPDX-License-Identifier: MIT */
/* trace_choice: the options for tracing. See trace.h. */
#include <stddef.h>

#include "fuse_info.h"
#include "msg.h"
#include "proc/proc.h"
#include "trace.h"

const char *trace_contradiction(const struct trace_choice *c, char **operands, bool all, bool watch, bool other)
{
	bool several = operands[0] && operands[1];

	if ((c->operations || c->pid || c->slower) && !c->trace)
		return "--trace-ops, --trace-pid and --slower need --trace";
	if (!c->trace && !c->top)
		return NULL;
	if (other || (c->trace && (c->top || watch || all)))
		return "--trace and --top exclude each other and other options";
	if ((c->trace && info_seconds(c->trace, 0) < 0) || (c->top && info_seconds(c->top, 2) < 1))
		return "--trace and --top take whole seconds, --top at least 1";
	if (several || !operands[0] == !all)
		return c->trace ? "--trace: wanted: one TARGET" : "--top: wanted: one TARGET, or -A";
	return NULL;
}

int trace_chosen(const struct trace_choice *c, struct view *v, const char *word, bool watch)
{
	struct trace_args t = {
		.word = word, .pid = c->pid, .slower = c->slower,
		.seconds = c->trace ? info_seconds(c->trace, 0) : info_seconds(c->top, 2),
	};
	const char *bad = c->operations ? trace_operations(c->operations, &t.operations) : NULL;

	if (bad) {
		msg("--trace-ops: %s: not an operation; wanted: names such as LOOKUP,READ", bad);
		return 1;
	}
	/* The events have numbers of the first PID namespace, and /proc has others. */
	if (c->pid && !proc_is_outermost()) {
		msg("--trace-pid: the kernel tells process numbers of the first PID namespace; run fuse-info there");
		return 1;
	}
	return c->trace ? trace_requests(v, &t) : trace_top(v, &t, v->width || watch);
}
