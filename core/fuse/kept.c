/* SPDX-License-Identifier: MIT */
/* kept: see kept.h. */
#include "fuse/kept.h"

#include <string.h>

#include "thread.h"

enum { SLOTS = 512, ALIGNED = 64 * 1024, LAYOUT = 1 };

struct head {
	uint64_t layout, size;	/* of the process that used it first; 0: none did */
	uint64_t buffers;	/* how many of them any process has used */
	uint64_t pending;	/* words of the journal that are to be written */
	struct { uint64_t offset, value; } word[FUSE_WORDS];
};

/* Pages that no process writes take no memory: most slots, and the rest of most of them. */
static struct {
	struct head *head;
	struct fuse_slot *slots;
	char *buffers;
	size_t buffer;
	int lock;		/* of the journal */
	bool taken[SLOTS];	/* by a thread of this process */
	bool has_again;
} kept;

static size_t align(size_t size)
{
	return (size + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
}

size_t kept_size(size_t buffer)
{
	return ALIGNED + align(SLOTS * sizeof(struct fuse_slot)) + KEPT_BUFFERS * align(buffer);
}

static void write_pending(void)
{
	for (uint64_t i = 0; i < kept.head->pending; i++)
		__atomic_store_n((uint64_t *)(void *)((char *)kept.head + kept.head->word[i].offset),
				 kept.head->word[i].value, __ATOMIC_RELEASE);
	__atomic_store_n(&kept.head->pending, 0, __ATOMIC_RELEASE);
}

/* Whether each of the words lies in the memory, behind the head. A server that was taken over may have
   chosen them, and this process is not in the sandbox yet. */
static bool has_valid_words(const struct head *head, uint64_t size)
{
	bool valid = head->pending <= FUSE_WORDS;

	for (uint64_t i = 0; valid && i < head->pending; i++)
		valid = head->word[i].offset >= ALIGNED && head->word[i].offset <= size - sizeof(uint64_t)
			&& head->word[i].offset % sizeof(uint64_t) == 0;
	return valid;
}

bool kept_attach(void *memory, size_t buffer, size_t more)
{
	struct head *head = memory;
	char *at = memory;

	if ((head->layout && (head->layout != LAYOUT || head->size != kept_size(buffer)))
	    || !has_valid_words(head, kept_size(buffer) + more))
		return false;
	kept.head = head;
	kept.slots = (void *)(at + ALIGNED);
	kept.buffer = align(buffer);
	kept.buffers = at + ALIGNED + align(SLOTS * sizeof(struct fuse_slot));
	head->size = kept_size(buffer);
	head->layout = LAYOUT;
	write_pending();
	return true;
}

void fuse_write_words(const struct fuse_word *word, size_t count)
{
	thread_lock(&kept.lock);
	for (size_t i = 0; i < count; i++) {
		__atomic_store_n(&kept.head->word[i].offset, (uint64_t)((char *)word[i].at - (char *)kept.head), __ATOMIC_RELAXED);
		__atomic_store_n(&kept.head->word[i].value, word[i].value, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&kept.head->pending, count, __ATOMIC_SEQ_CST);
	write_pending();
	thread_unlock(&kept.lock);
}

char *kept_buffer(unsigned int number)
{
	if (!kept.head)
		return NULL;
	if (kept.head->buffers <= number)
		__atomic_store_n(&kept.head->buffers, number + 1, __ATOMIC_RELEASE);
	return kept.buffers + number * kept.buffer;
}

unsigned int kept_buffers_used(void)
{
	return kept.head && kept.head->buffers < KEPT_BUFFERS ? (unsigned int)kept.head->buffers : KEPT_BUFFERS;
}

/* ---- Slots ---- */

static bool takes_slot(const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT: case FUSE_NOTIFY_REPLY: case FUSE_INIT:
		return false;
	default:
		return true;
	}
}

static struct fuse_slot *find_slot(uint64_t unique)
{
	for (int i = 0; i < SLOTS; i++)
		if (kept.slots[i].unique == unique)
			return kept.slots + i;
	return NULL;
}

/* A thread keeps the slot that it took first. */
static struct fuse_slot *own_slot(struct fuse_req *req)
{
	struct fuse_slot *slots = kept.slots;

	for (int i = 0; i < SLOTS && !req->own_slot; i++)
		if (!slots[i].unique && !__atomic_exchange_n(kept.taken + i, true, __ATOMIC_RELAXED))
			req->own_slot = slots + i;
	return req->own_slot;
}

void kept_begin(struct fuse_req *req, const struct fuse_in_header *in)
{
	uint64_t unique = in->unique & ~FUSE_UNIQUE_RESEND;

	req->slot = NULL;
	if (!kept.slots || !takes_slot(in))
		return;
	if (kept.has_again && in->unique & FUSE_UNIQUE_RESEND)
		req->slot = find_slot(unique);
	if (req->slot)
		return;
	req->slot = own_slot(req);
	if (!req->slot)
		return;
	req->slot->stage = req->slot->lookups = req->slot->opened = req->slot->again = 0;
	__atomic_store_n(&req->slot->unique, unique, __ATOMIC_RELEASE);
}

void kept_end(struct fuse_req *req)
{
	if (!req->slot)
		return;
	__atomic_store_n(&req->slot->unique, 0, __ATOMIC_RELEASE);
	req->slot = NULL;
}

struct fuse_slot *kept_next_slot(int *number)
{
	while (kept.head && ++*number < SLOTS)
		if (kept.slots[*number].unique)
			return kept.slots + *number;
	return NULL;
}

void kept_mark(uint64_t unique)
{
	struct fuse_slot *slot = find_slot(unique & ~FUSE_UNIQUE_RESEND);

	if (!slot)
		return;
	slot->again = 1;
	kept.has_again = true;
}
