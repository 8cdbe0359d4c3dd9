/* SPDX-License-Identifier: MIT */
/* relay_first: whether a server has answered INIT that the relay does not see. See relay_state.h.
 *
 * Until then the kernel queues no other request. INIT waits in the queue, or the server has read it, or
 * it is answered. */
#include <errno.h>

#include "relay_state.h"
#include "sys.h"
#include "sys/keep.h"

static void forget_edge(void)
{
	if (relay.edge >= 0)
		sys_close(relay.edge);
	relay.edge = -1;
}

/* FUSE_NOTIFY_RESEND wakes the processes that poll the device, as a new request does: so poll it only afterwards. */
void relay_first_prepare(void)
{
	forget_edge();
	relay_notify_bare(FUSE_NOTIFY_RESEND);
	relay.edge = sys_edge_fd(relay.device);
}

/* The kernel takes an answer to the INTERRUPT of a request that a server has read, and does nothing if it is
   neither EAGAIN nor ENOSYS. There is no such request: ENOENT. */
static bool is_read_and_unanswered(void)
{
	struct fuse_out_header out = { sizeof(out), 0, relay.init_unique | FUSE_UNIQUE_RESEND | 1 };

	return sys_write(relay.device, &out, sizeof(out)) >= 0;
}

/* Looks at the queue first: if a server reads INIT between the two looks, the second one finds it read and unanswered. INIT is
   answered only if both find nothing. */
bool relay_first_began(void)
{
	bool queued = sys_poll_in(relay.device, 0) > 0, another = relay.edge >= 0 && sys_poll_in(relay.edge, 0) > 0;

	if (!relay.began)
		relay.began = another || (!queued && !is_read_and_unanswered());
	if (relay.began)
		forget_edge();
	return relay.began;
}
