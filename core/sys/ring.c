/* SPDX-License-Identifier: MIT */
/* ring: see ring.h. */
#include "sys/ring.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

/* The same numbers on all machines. */
enum { NR_SETUP = 425, NR_ENTER, NR_REGISTER };
enum { R_DISABLED = 1 << 6, SQE128 = 1 << 10, SINGLE_ISSUER = 1 << 12, DEFER_TASKRUN = 1 << 13, NO_SQARRAY = 1 << 16 };
enum { GETEVENTS = 1, ENABLE_RINGS = 12 };
#define SQES_OFFSET 0x10000000

struct offsets { uint32_t head, tail, mask, entries, flags, dropped, array_or_cqes, more; uint64_t user_addr; };
struct done_offsets { uint32_t head, tail, mask, entries, overflow, cqes, flags, more; uint64_t user_addr; };
struct params {
	uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, spare[3];
	struct offsets sq;
	struct done_offsets cq;
};
_Static_assert(sizeof(struct params) == 120, "io_uring_setup(2)");
_Static_assert(sizeof(struct ring_command) == 128, "io_uring_enter(2)");

static void *map(int fd, size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

int ring_open(struct ring *r, uint32_t entries)
{
	/* DEFER_TASKRUN saves a fifth of a round trip. The kernel then completes commands, and cancels
	   them after an abort, only while this thread is in io_uring_enter(2). */
	struct params p = { .flags = SQE128 | NO_SQARRAY | R_DISABLED | SINGLE_ISSUER | DEFER_TASKRUN };
	char *base;

	r->fd = (int)call_result(syscall(NR_SETUP, entries, &p));
	if (r->fd < 0)
		return r->fd;
	/* One mapping holds the heads and tails of both queues, and the completions. */
	base = map(r->fd, p.cq.cqes + p.cq_entries * sizeof(*r->done), 0);
	r->commands = map(r->fd, p.sq_entries * sizeof(*r->commands), SQES_OFFSET);
	if (!base || !r->commands) {
		close(r->fd);	/* the mappings end with the process */
		return -ENOMEM;
	}
	r->waiting = 0;
	r->mask = *(uint32_t *)(void *)(base + p.sq.mask);
	r->tail = (void *)(base + p.sq.tail);
	r->done_mask = *(uint32_t *)(void *)(base + p.cq.mask);
	r->done_head = (void *)(base + p.cq.head);
	r->done_tail = (void *)(base + p.cq.tail);
	r->done = (void *)(base + p.cq.cqes);
	return 0;
}

int ring_enable(struct ring *r)
{
	return (int)call_result(syscall(NR_REGISTER, r->fd, ENABLE_RINGS, NULL, 0));
}

struct ring_command *ring_put(struct ring *r, uint8_t opcode)
{
	struct ring_command *c = r->commands + ((*r->tail + r->waiting++) & r->mask);

	if (c->opcode != opcode)
		memset(c, 0, sizeof(*c));
	c->opcode = opcode;
	return c;
}

int ring_wait(struct ring *r)
{
	uint32_t submit = r->waiting;
	long n;

	__atomic_store_n(r->tail, *r->tail + submit, __ATOMIC_RELEASE);
	r->waiting = 0;
	do {
		n = call_result(syscall(NR_ENTER, r->fd, submit, 1, GETEVENTS, NULL, 0));
		if (n > 0)
			submit -= (uint32_t)n < submit ? (uint32_t)n : submit;
	} while (n == -EINTR || (n >= 0 && submit));
	return n < 0 ? (int)n : 0;
}

bool ring_take(struct ring *r, struct ring_completion *completion)
{
	uint32_t head = *r->done_head;

	if (head == __atomic_load_n(r->done_tail, __ATOMIC_ACQUIRE))
		return false;
	*completion = r->done[head & r->done_mask];
	__atomic_store_n(r->done_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
