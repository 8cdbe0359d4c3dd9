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

void keep_queue_fail(int device)
{
	enum { ROOM = (1 << 20) + 64 * 1024 };	/* of the largest request */
	struct fuse_in_header *in = sys_pages(ROOM);

	send_header(device, FUSE_NOTIFY_RESEND, 0);
	while (in && sys_poll_alive(device, 0) > 0) {
		if (sys_read(device, in, ROOM) < (ssize_t)sizeof(*in))
			return;
		if (is_resent(in))
			send_header(device, -EIO, in->unique);
	}
}

bool keep_queue_has_init(int device)
{
	enum { ROOM = 64 * 1024 };
	struct fuse_in_header *in = sys_pages(ROOM);
	bool found = false;

	send_header(device, FUSE_NOTIFY_RESEND, 0);
	if (in && sys_poll_alive(device, 0) > 0)
		found = sys_read(device, in, ROOM) > 0 && in->opcode == FUSE_INIT;
	if (found)
		send_header(device, FUSE_NOTIFY_RESEND, 0);
	if (in)
		sys_free_pages(in, ROOM);
	return found;
}
