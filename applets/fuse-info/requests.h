/* SPDX-License-Identifier: MIT */
/* requests: match the end of a FUSE request with its sending. */
#ifndef FUSEBOX_FUSE_INFO_REQUESTS_H
#define FUSEBOX_FUSE_INFO_REQUESTS_H

#include "events.h"

/* The requests that were sent and have not ended. */
struct requests { struct event *slots; size_t room, count; };

/* Adds the event of a request's sending. 0 or -ENOMEM. */
int requests_add(struct requests *requests, const struct event *sent);
/* Moves the sending of the request that `end` ends to *sent. False: it was not added. */
bool requests_take(struct requests *requests, const struct event *end, struct event *sent);
/* Calls fn for each request in flight, in no order. */
void requests_each(const struct requests *requests, void (*fn)(const struct event *sent, void *data), void *data);

/* "LOOKUP" for FUSE_LOOKUP; NULL if this program does not know the number. And the reverse: the
   number of a name of `length` bytes, or 0. */
const char *request_name(unsigned int opcode);
unsigned int request_opcode(const char *name, size_t length);

#endif
