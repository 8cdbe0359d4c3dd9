/* SPDX-License-Identifier: MIT */
/* keep_queue: see keep_queue.h. */
#include "keep_queue.h"

#include <errno.h>

#include "fuse_kernel.h"
#include "sys.h"

static bool is_resent(const struct fuse_in_header *in)
{
	return in->opcode != FUSE_FORGET && in->opcode != FUSE_BATCH_FORGET && in->opcode != FUSE_INTERRUPT;
}

static void send_header(int device, int32_t error, uint64_t unique)
{
	struct fuse_out_header out = { sizeof(out), error, unique };

	sys_write(device, &out, sizeof(out));
}

void keep_queue_resend(int device)
{
	send_header(device, FUSE_NOTIFY_RESEND, 0);
}

/* A process that the server has left behind may read the request that poll(2) told of: read from a descriptor
   that does not wait. The servers' own is shared with them. */
static int open_own(int device)
{
	int fd = sys_clone_device(device);

	if (fd >= 0)
		sys_set_nonblocking(fd);
	return fd;
}

/* Callers that go on asking could fill the queue faster than it gets empty. */
void keep_queue_fail(int device)
{
	enum { ROOM = (16 << 20) + 64 * 1024 };	/* of the largest request */
	struct fuse_in_header *in = sys_pages(ROOM);
	uint64_t end = sys_clock_ns() + NS_PER_S;
	int own = open_own(device);

	keep_queue_resend(device);
	while (in && sys_clock_ns() < end && sys_read(own, in, ROOM) >= (ssize_t)sizeof(*in))
		if (is_resent(in))
			send_header(own, -EIO, in->unique);
	if (in)
		sys_free_pages(in, ROOM);
	if (own >= 0)
		sys_close(own);
}

bool keep_queue_has_init(int device)
{
	enum { ROOM = 64 * 1024 };
	struct fuse_in_header *in = sys_pages(ROOM);
	int own = open_own(device);
	bool found = false;

	keep_queue_resend(device);
	if (in)
		found = sys_read(own, in, ROOM) > 0 && in->opcode == FUSE_INIT;
	if (found)
		keep_queue_resend(device);
	if (in)
		sys_free_pages(in, ROOM);
	if (own >= 0)
		sys_close(own);
	return found;
}
