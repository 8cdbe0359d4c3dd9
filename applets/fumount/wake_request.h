/* SPDX-License-Identifier: MIT */
/* wake_request: what a request that waits is about. Makes no system calls. */
#ifndef FUSEBOX_FUMOUNT_WAKE_REQUEST_H
#define FUSEBOX_FUMOUNT_WAKE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wake_fate {
	WAKE_BACK,	/* given back to the server */
	WAKE_ENDED,	/* answered with the error */
	WAKE_DONE,	/* answered with success: the server has read it, and nobody waits for it */
};

/* The notify_unique of a NOTIFY_REPLY that this program asks for itself. */
#define WAKE_PROBE UINT64_C(0x66757365626f782e)

struct wake_request {
	uint64_t unique, node;
	uint32_t opcode, uid;
	uint32_t pid;		/* of the thread that waits, in its own PID namespace; 0: the kernel */
	int32_t waited;		/* milliseconds; -1: unknown */
	bool unread;		/* the server has not read it */
	uint8_t fate;		/* enum wake_fate */
	char command[16];	/* "": unknown */
	char name[30];		/* the first name in the request, may be truncated; "": none */
};

/* The meaning of bytes[0 … size), aligned to 8, that a process has read from /dev/fuse. */
enum wake_kind {
	WAKE_NOTHING,	/* an INTERRUPT, which the kernel sends again, or no request */
	WAKE_REQUEST,	/* *request is filled in */
	WAKE_FORGET,	/* the server loses *count nodes that the kernel has forgotten */
	WAKE_RETRIEVED,	/* a NOTIFY_REPLY, which the kernel sends again if it is asked as *again says */
};
struct fuse_notify_retrieve_out;
enum wake_kind wake_parse(const void *bytes, size_t size, struct wake_request *request, uint32_t *count,
			  struct fuse_notify_retrieve_out *again);

#endif
