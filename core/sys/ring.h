/* SPDX-License-Identifier: MIT */
/* ring: io_uring(7) for FUSE: submission queue entries of 128 bytes, no index array. */
#ifndef FUSEBOX_SYS_RING_H
#define FUSEBOX_SYS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One entry of the submission queue, IORING_SETUP_SQE128. */
struct ring_command {
	uint8_t opcode, flags;
	uint16_t ioprio;
	int32_t fd;
	uint32_t op, unused;	/* cmd_op, for IORING_OP_URING_CMD */
	uint64_t address;
	uint32_t length;
	uint16_t poll_events, more_events;	/* poll32_events, whose halves are in this order on every machine */
	uint64_t user_data;
	uint16_t buffer, personality;
	uint32_t file_index;
	uint8_t command[80];
};

struct ring_completion { uint64_t user_data; int32_t result; uint32_t flags; };

enum { RING_POLL_ADD = 6, RING_URING_CMD = 46 };

struct ring {
	int fd;
	uint32_t waiting;	/* commands that are not yet submitted */
	uint32_t mask, done_mask, *tail, *done_head, *done_tail;
	struct ring_command *commands;
	const struct ring_completion *done;
};

/* Creates a disabled ring for so many commands at a time. 0 or -errno: -ENOSYS, or -EPERM if
   io_uring is forbidden. */
int ring_open(struct ring *ring, uint32_t entries);

/* Enables the ring. The thread that uses the ring calls it first. 0 or -errno. */
int ring_enable(struct ring *ring);

/* Returns the next command to fill in. It is zeroed, or still holds an earlier command with the same
   opcode. Between two waits the caller may queue at most `entries` commands. */
struct ring_command *ring_put(struct ring *ring, uint8_t opcode);

/* Submits all queued commands and waits for at least one completion. 0 or -errno. */
int ring_wait(struct ring *ring);

/* Takes the next completion. Returns false if there is none: then ring_wait() waits for one. */
bool ring_take(struct ring *ring, struct ring_completion *completion);

#endif
