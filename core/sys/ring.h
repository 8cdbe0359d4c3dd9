/* ring: io_uring(7), as much of it as FUSE needs: commands of 128 bytes, no lists. */
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
	uint32_t op, unused;	/* what to do: cmd_op of IORING_OP_URING_CMD */
	uint64_t address;
	uint32_t length;
	uint16_t poll_events, more_events;	/* by halves, in this order on every machine */
	uint64_t user_data;
	uint16_t buffer, personality;
	uint32_t file_index;
	uint8_t command[80];
};

struct ring_completion { uint64_t user_data; int32_t result; uint32_t flags; };

enum { RING_POLL_ADD = 6, RING_URING_CMD = 46 };

struct ring {
	int fd;
	uint32_t waiting;	/* put, and not yet submitted */
	uint32_t mask, done_mask, *tail, *done_head, *done_tail;
	struct ring_command *commands;
	const struct ring_completion *done;
};

/* A ring for so many commands at once. 0, or -errno: -ENOSYS, -EPERM where it is forbidden. */
int ring_open(struct ring *ring, uint32_t entries);

/* By the thread that uses it, before anything else. */
int ring_enable(struct ring *ring);

/* The next command to fill in: zeros, or one of the same kind, from before; never more than
   `entries` before a wait. */
struct ring_command *ring_put(struct ring *ring, uint8_t opcode);

/* Submits what was put and waits for a completion. 0 or -errno. */
int ring_wait(struct ring *ring);

/* The next completion, or false: then wait. */
bool ring_take(struct ring *ring, struct ring_completion *completion);

#endif
