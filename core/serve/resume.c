/* SPDX-License-Identifier: MIT */
/* resume: see resume.h. */
#include "serve/resume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/dev.h"
#include "fuse/kept.h"
#include "msg.h"
#include "opt.h"
#include "serve/serving.h"
#include "serve/store.h"
#include "sys.h"
#include "sys/keep.h"

/* A process serves one mount. */
static struct { int memory, store[2]; } self = { .memory = -1, .store = { -1, -1 } };

/* Takes over the descriptor whose number stands before `end`, and steps over it. -1: none. */
static int take_number(const char **text, char end)
{
	char number[16];
	size_t len = strcspn(*text, ",");
	uint64_t fd;

	if (len >= sizeof(number) || (*text)[len] != end)
		return -1;
	memcpy(number, *text, len);
	number[len] = '\0';
	*text += len + (end != '\0');
	if (opt_number(number, INT32_MAX, &fd) < 0 || sys_set_cloexec((int)fd, true) < 0)
		return -1;
	return (int)fd;
}

static void take_store(void)
{
	const char *numbers = getenv("FUSE_RESUME_STORE");

	if (!numbers)
		return;
	self.store[0] = take_number(&numbers, ',');
	self.store[1] = self.store[0] < 0 ? -1 : take_number(&numbers, '\0');
}

static bool is_valid(const struct fuse_resume *kept)
{
	return kept->magic == FUSE_RESUME_MAGIC && kept->version == FUSE_RESUME_VERSION
	       && kept->own >= sizeof(*kept) && kept->lives;
}

/* The memory of fmount --keep, by which this server would take over from the last one. */
static int refuse_memory(const char *why)
{
	msg("FUSE_RESUME: %s", why);
	return 1;
}

/* The descriptors of the process that was killed get their numbers back. */
static void fetch_descriptors(struct fuse_session *s)
{
	const struct fuse_keeping *keeping = s->ops->keeping;
	int wanted[SYS_FDS_EACH], count, fd = -1;
	bool ok[SYS_FDS_EACH];

	do {
		for (count = 0; count < SYS_FDS_EACH && (fd = keeping->next_fd(s->fs, fd)) >= 0; count++)
			wanted[count] = fd;
		store_fetch(self.store[1], (int)(s->kept->lives & INT32_MAX), wanted, count, ok);
		for (int i = 0; i < count; i++)
			keeping->got_fd(s->fs, wanted[i], ok[i]);
	} while (count == SYS_FDS_EACH);
}

static int attach(struct fuse_session *s)
{
	const struct fuse_keeping *keeping = s->ops->keeping;
	size_t buffer = dev_buffer_size(s->ops), size = kept_size(buffer);
	bool resumed = s->kept->held;
	char *memory = sys_map_shared(self.memory, s->kept->own, size + keeping->memory);
	const char *why;

	if (!memory)
		return msg_errno(1, "FUSE_RESUME", -ENOMEM);
	if (!kept_attach(memory, buffer, keeping->memory))
		return refuse_memory("it is damaged, or another build of this server has used it");
	why = keeping->attach(s->fs, memory + size, resumed);
	if (why)
		return refuse_memory(why);
	if (resumed) {
		serving_close_inherited();	/* The former server did, so it may have used the numbers. */
		fetch_descriptors(s);
	}
	return 0;
}

int resume_adopt(struct fuse_session *s)
{
	const char *number = getenv("FUSE_RESUME");
	int err;

	if (!number)
		return 0;
	self.memory = take_number(&number, '\0');
	take_store();
	s->kept = self.memory < 0 ? NULL : sys_map_shared(self.memory, 0, sizeof(*s->kept));
	if (!s->kept || !is_valid(s->kept))
		return refuse_memory("not the memory of fmount --keep");
	if (!s->ops->durable_nodes && !s->ops->keeping)
		return refuse_memory("this file system cannot go on in another process; run it without --keep");
	err = session_resume(s);
	if (err == -EPROTO)
		return refuse_memory("the server before this one took larger writes");
	return s->ops->keeping ? attach(s) : 0;
}

int resume_hold(const struct fuse_session *s)
{
	int err;

	if (!s->kept || !s->ops->keeping || self.store[0] < 0)
		return 0;
	err = store_start(self.store[0]);
	if (err)
		return err;
	__atomic_store_n(&s->kept->held, s->kept->lives, __ATOMIC_RELEASE);
	return 0;
}

void resume_serving(struct fuse_session *s)
{
	if (!s->kept)
		return;
	__atomic_store_n(&s->kept->serving, s->kept->lives, __ATOMIC_RELEASE);
	/* Only now: a sandboxed server reads from a clone of the device, which its store has. Closing that
	   aborts what was read from it, unless the kernel delivers it again, as it does by now. */
	if (s->ops->keeping && s->kept->lives > 1)
		store_end(self.store[1]);
	if (self.store[0] >= 0)
		sys_write(self.store[0], "", 1);
}
