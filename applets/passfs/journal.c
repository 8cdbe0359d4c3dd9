/* SPDX-License-Identifier: MIT */
/* journal: see journal.h. */
#include "journal.h"

#include <errno.h>
#include <stddef.h>

#include "thread.h"

static struct {
	struct journal *kept;
	bool has_lost;
	uint32_t next_backed;	/* where to look for a free entry */
	uint32_t closing;
	int lock;
} self;

bool journal_is_on(void)
{
	return self.kept;
}

void journal_use(struct journal *memory)
{
	self.kept = memory;
}

void journal_has_lost(void)
{
	self.has_lost = true;
}

void journal_set(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void raise_to(uint64_t *most, uint64_t value)
{
	uint64_t now = __atomic_load_n(most, __ATOMIC_RELAXED);

	while (now < value && !__atomic_compare_exchange_n(most, &now, value, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/* ---- Handles ---- */

struct journal_entry *journal_entry(uint64_t handle)
{
	uint32_t number = (uint32_t)handle & NOT_OPEN;

	return number >= FIRST_NOT_OPEN ? number - FIRST_NOT_OPEN < JOURNAL_BACKED ? self.kept->backed + (number - FIRST_NOT_OPEN) : NULL
	       : number < JOURNAL_FDS ? self.kept->fd + number : NULL;
}

/* Reserves an entry for a file without a descriptor. */
static int take_backed(void)
{
	int found = -ENFILE;

	thread_lock(&self.lock);
	for (uint32_t i = 0; i < JOURNAL_BACKED && found < 0; i++) {
		uint32_t at = (self.next_backed + i) % JOURNAL_BACKED;

		if (self.kept->backed[at].kind == JOURNAL_FREE && !self.kept->backed[at].node)
			found = (int)at;
	}
	if (found >= 0) {
		self.kept->backed[found].node = 1;
		self.next_backed = (uint32_t)found + 1 < self.kept->most_backed ? (uint32_t)found + 1 : 0;
		raise_to(&self.kept->most_backed, (uint64_t)found + 1);
	}
	thread_unlock(&self.lock);
	return found;
}

int journal_note(const struct fuse_req *req, uint64_t node, uint64_t *handle, enum journal_kind kind)
{
	struct journal_entry *e;
	int backed;

	if (!self.kept)
		return 0;
	if (pass_handle_fd(*handle) == NOT_OPEN) {
		backed = take_backed();
		if (backed < 0)
			return backed;
		*handle = (*handle & ~(uint64_t)NOT_OPEN) | (uint32_t)(FIRST_NOT_OPEN + backed);
	}
	e = journal_entry(*handle);
	if (!e)
		return -ENFILE;
	if (e < self.kept->backed)
		raise_to(&self.kept->most_fds, (uint64_t)(e - self.kept->fd) + 1);
	*e = (struct journal_entry) { .node = node, .handle = *handle, .uid = req->in->uid };
	if (req->slot)
		fuse_write_words((const struct fuse_word[]) { { &e->kind, kind }, { &req->slot->opened, *handle + 1 } }, 2);
	else
		journal_set(&e->kind, kind);
	return 0;
}

bool journal_release(const struct fuse_req *req, uint64_t handle)
{
	struct journal_entry *e = self.kept ? journal_entry(handle) : NULL;

	if (!e)
		return true;
	if (req->slot && req->slot->stage == FUSE_DONE)
		return false;
	if (e >= self.kept->backed)
		e->node = 0;
	if (req->slot)
		fuse_write_words((const struct fuse_word[]) { { &e->kind, JOURNAL_FREE }, { &req->slot->stage, FUSE_DONE } }, 2);
	else
		journal_set(&e->kind, JOURNAL_FREE);
	return true;
}

int journal_check(uint64_t handle)
{
	const struct journal_entry *e = self.has_lost ? journal_entry(handle) : NULL;

	return e && e->kind == JOURNAL_LOST ? -EIO : 0;
}

void journal_note_owner(int fd, uint64_t node, uint64_t id, uint64_t handle, uint32_t pid, uint32_t uid)
{
	if (!self.kept || fd >= JOURNAL_FDS)
		return;
	raise_to(&self.kept->most_fds, (uint64_t)fd + 1);
	self.kept->fd[fd] = (struct journal_entry) { .node = node, .handle = handle, .id = id, .pid = pid, .uid = uid };
	journal_set(&self.kept->fd[fd].kind, JOURNAL_OWNER);
}

void journal_note_owner_handle(int fd, uint64_t handle)
{
	if (self.kept && fd < JOURNAL_FDS)
		journal_set(&self.kept->fd[fd].handle, handle);
}

void journal_forget_owner(int fd)
{
	if (self.kept && fd < JOURNAL_FDS)
		journal_set(&self.kept->fd[fd].kind, JOURNAL_FREE);
}

/* ---- Lookup counts ---- */

struct inode_also journal_taking(const struct fuse_req *req)
{
	struct fuse_slot *slot = self.kept ? req->slot : NULL;

	if (!slot || slot->lookups == FUSE_SLOT_NODES)
		return INODE_ALONE;
	return (struct inode_also) { .node = slot->node + slot->lookups, .word = &slot->lookups, .value = slot->lookups + 1 };
}

struct inode_also journal_forgetting(const struct fuse_req *req, uint64_t node)
{
	struct fuse_slot *slot = self.kept ? req->slot : NULL;

	if (self.kept && (req->in->opcode == FUSE_FORGET || req->in->opcode == FUSE_BATCH_FORGET))
		return (struct inode_also) { .word = req->counted };
	for (uint64_t i = slot ? slot->lookups : 0; i--; )
		if (slot->node[i] == node)
			return (struct inode_also) { .word = slot->node + i };
	return INODE_ALONE;
}

/* ---- Backing ids: the kernel's, for as long as the connection lives ---- */

void journal_note_backing(int32_t id)
{
	if (self.kept)
		raise_to(&self.kept->last_backing, (uint64_t)id);
}

uint32_t journal_closing_backing(int32_t id)
{
	uint32_t place = __atomic_fetch_add(&self.closing, 1, __ATOMIC_RELAXED) % JOURNAL_CLOSING;

	if (self.kept && id > 0)
		journal_set(self.kept->closing + place, (uint64_t)id);
	return place;
}

void journal_closed_backing(uint32_t place)
{
	if (self.kept)
		journal_set(self.kept->closing + place, 0);
}

/* ---- What was done ---- */

bool journal_begun(const struct fuse_req *req, const uint64_t now[2], uint64_t before[2])
{
	struct fuse_slot *slot = self.kept ? req->slot : NULL;

	if (!slot)
		return false;
	if (slot->stage != FUSE_NEW) {
		before[0] = slot->before[0];
		before[1] = slot->before[1];
		return true;
	}
	slot->before[0] = now[0];
	slot->before[1] = now[1];
	journal_set(&slot->stage, FUSE_BEGUN);
	return false;
}
