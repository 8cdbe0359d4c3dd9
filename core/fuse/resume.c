/* SPDX-License-Identifier: MIT */
/* resume: see resume.h. */
#include "fuse/resume.h"

#include <errno.h>
#include <stddef.h>

#include "fuse/dev.h"
#include "fuse/dispatch.h"
#include "fuse/kept.h"
#include "sys.h"

static bool is_forget(const struct fuse_in_header *in)
{
	return in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET;
}

static void forget(struct fuse_session *s, const struct fuse_in_header *in, size_t size)
{
	struct fuse_req req = { .session = s, .device = s->device };

	if (size >= sizeof(*in) && is_forget(in))
		dispatch(&req, in, size);
}

/* The kernel never sends a FORGET again. The killed process has set the counts that it has already
   carried out to 0. */
static void complete_forgets(struct fuse_session *s)
{
	for (unsigned int i = 0, used = kept_buffers_used(); i < used; i++) {
		const struct fuse_in_header *in = (const void *)kept_buffer(i);

		forget(s, in, in->len <= dev_request_size(s->ops) ? in->len : 0);
	}
}

/* A process that marked a slot may have answered its request since. */
static void unmark_slots(void)
{
	struct fuse_slot *slot;

	for (int i = -1; (slot = kept_next_slot(&i)); )
		slot->again = 0;
}

/* Reads the requests without an answer, to mark their slots. The kernel queues them before the ones that
   no process has read yet; the next FUSE_NOTIFY_RESEND gives them all back. */
static void mark_unanswered(struct fuse_session *s)
{
	char *buffer = kept_buffer(KEPT_PROBE);
	const struct fuse_in_header *in = (const void *)buffer;
	ssize_t n;

	while (sys_poll_alive(s->device, 0) > 0) {
		n = dev_read(s->device, buffer, dev_request_size(s->ops));
		if (n == -EINTR || n == -EAGAIN || n == -ENOENT)
			continue;
		if (n < (ssize_t)sizeof(*in))
			return;
		if (is_forget(in))
			forget(s, in, (size_t)n);
		else if (in->opcode == FUSE_INTERRUPT)
			continue;	/* comes again with its request */
		else if (in->unique & FUSE_UNIQUE_RESEND)
			kept_mark(in->unique);
		else
			return;
	}
}

/* Before Linux 6.9 nothing is delivered again: end those requests, whose slots tell their numbers.
   ENOENT: one has been answered. */
static void interrupt_unanswered(struct fuse_session *s)
{
	struct fuse_out_header out = { .len = sizeof(out), .error = -EINTR };
	const struct fuse_slot *slot;

	for (int i = -1; (slot = kept_next_slot(&i)); ) {
		out.unique = slot->unique;
		if (sys_write(s->device, &out, sizeof(out)) > 0)
			kept_mark(slot->unique);
	}
}

static void settle_slots(struct fuse_session *s, bool resends)
{
	const struct fuse_in_header none = { .opcode = 0 };
	struct fuse_req req = { .session = s, .device = s->device, .in = &none };
	struct fuse_slot *slot;

	for (int i = -1; (slot = kept_next_slot(&i)); ) {
		req.slot = slot;
		if (slot->again)
			s->ops->keeping->undo(&req, slot);
		if (!slot->again || !resends)
			kept_end(&req);
	}
	s->ops->keeping->settled(&req);
}

void resume_requests(struct fuse_session *s)
{
	bool resends = fuse_notify(s, FUSE_NOTIFY_RESEND, NULL, 0) == 0;

	if (!s->ops->keeping)
		return;
	complete_forgets(s);
	unmark_slots();
	if (resends)
		mark_unanswered(s);
	else
		interrupt_unanswered(s);
	settle_slots(s, resends);
	if (resends)
		fuse_notify(s, FUSE_NOTIFY_RESEND, NULL, 0);
}
