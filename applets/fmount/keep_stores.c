/* SPDX-License-Identifier: MIT */
/* keep_stores: see keep_stores.h. */
#include "keep_stores.h"

#include "keep_fdstore.h"
#include "sys.h"
#include "sys/keep.h"

/* A server that is given no store in place[1] could send the keeper descriptors through a peer. */
static int reserve_place(int *place)
{
	int pair[2], err = sys_message_pair(pair);

	if (err)
		return err;
	sys_close(pair[1]);
	*place = sys_renumber(pair[0]);
	return 0;
}

int keep_stores_prepare(struct keep_stores *s, uint32_t held)
{
	int err = 0;

	s->before_life = held;
	s->before.socket = keep_fdstore_take_store(held);
	for (int i = 0; !err && i < 2; i++)
		err = reserve_place(&s->place[i]);
	return err;
}

/* A server, or what it leaves behind, can send a descriptor whose close waits for a file system of its user's. The
   keeper receives none, and the last close of a socket that may have some is a child's. */
static int protect(struct keep_stores *s)
{
	int err = sys_refuse_fds(s->hold.socket) < 0 ? child_hold(&s->hold) : 0;

	return err || s->before.socket < 0 ? err : child_hold(&s->before);
}

/* The service manager has the socket before the store can: the store would end if this process were the only one that
   has the other end, and were killed. */
int keep_stores_begin(struct keep_stores *s, uint32_t life, int *its)
{
	int pair[2], err = sys_message_pair(pair);

	if (err)
		return err;
	s->hold.socket = pair[0];
	*its = pair[1];
	s->life = life;
	err = protect(s);
	if (err)
		sys_close(pair[1]);
	else
		keep_fdstore_save_store(life, s->hold.socket);
	return err;
}

void keep_stores_give(const struct keep_stores *s, int its)
{
	sys_dup2(its, s->place[0]);
	if (s->before.socket >= 0) {
		sys_accept_fds(s->before.socket);
		sys_dup2(s->before.socket, s->place[1]);
	}
	sys_set_cloexec(s->place[0], false);
	sys_set_cloexec(s->place[1], false);
}

static void release(struct child_held *held, uint32_t life)
{
	if (held->socket >= 0)
		keep_fdstore_drop_store(life);
	child_release(held);
}

bool keep_stores_serves(struct keep_stores *s)
{
	char byte;

	if (!sys_next_has_fds(s->hold.socket) && sys_read(s->hold.socket, &byte, 1) == 1)
		return true;
	release(&s->hold, s->life);
	return false;
}

void keep_stores_drop_before(struct keep_stores *s)
{
	release(&s->before, s->before_life);
}

void keep_stores_ended(struct keep_stores *s, bool filled)
{
	/* Servers that failed in between have filled none. */
	if (!filled) {
		release(&s->hold, s->life);
		return;
	}
	keep_stores_drop_before(s);
	s->before = s->hold;
	s->before_life = s->life;
	s->hold = CHILD_HELD_NONE;
}

void keep_stores_close(struct keep_stores *s)
{
	release(&s->hold, s->life);
	keep_stores_drop_before(s);
}
