/* SPDX-License-Identifier: MIT */
/* events: decode the FUSE events in a page of the kernel's trace ring buffer. Makes no system call.
 *
 * The page is what trace_pipe_raw of tracefs returns: Documentation/trace/ring-buffer-map.rst and
 * include/linux/ring_buffer.h of Linux. The offsets of all fields are read from tracefs.
 */
#ifndef FUSEBOX_FUSE_INFO_EVENTS_H
#define FUSEBOX_FUSE_INFO_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* fuse_request_send, or with `end` fuse_request_end. */
struct event {
	uint64_t time;		/* nanoseconds of the clock that the trace instance uses */
	uint64_t unique;	/* the request's number; 0: this kernel traces the request before
				   it gets one */
	uint32_t connection;
	uint32_t length;	/* bytes of the request, or of the reply */
	int32_t pid;		/* the thread that sent the request, in the first PID namespace */
	uint16_t opcode;	/* send: enum fuse_opcode */
	int16_t error;		/* end: 0 or -errno */
	bool end;
};

enum event_field { EVENT_PID, EVENT_CONNECTION, EVENT_UNIQUE, EVENT_LENGTH, EVENT_EXTRA, EVENT_FIELDS };
/* One kind of event: its number, and the offsets of its fields. */
struct event_format { uint16_t id; uint16_t at[EVENT_FIELDS]; };
struct event_layout {
	struct event_format send, end;
	uint32_t commit, data, page;	/* offsets in a page, and its size, in bytes */
};

/* Parse the text of events/fuse/NAME/format (`extra`: "opcode" or "error") and of
   events/header_page. False if a field is missing or where no page has room for it. */
bool event_format_parse(const char *text, const char *extra, struct event_format *format);
bool event_page_parse(const char *text, struct event_layout *layout);

/* Calls fn for each FUSE event of a page of layout->page bytes, in the order of time. Ignores events
   of other kinds, and what follows a damaged event. Returns the time of the last event. */
uint64_t event_each(const struct event_layout *layout, const void *page,
		    void (*fn)(const struct event *event, void *data), void *data);

#endif
