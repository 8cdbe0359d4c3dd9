/* SPDX-License-Identifier: MIT */
/* inode_places: see inode_places.h. */
#include "inode_places.h"

#include <stddef.h>

#include "sys.h"

static uint32_t block_room(unsigned int b)
{
	return b ? inode_block_start(b) : INODE_FIRST_ROOM;
}

static struct inode *get_block(const struct inodes *t, unsigned int b)
{
	if (!t->kept)
		return sys_pages(block_room(b) * sizeof(struct inode));
	return inode_block_start(b) + block_room(b) <= t->kept_room ? t->kept + inode_block_start(b) : NULL;
}

static void note_most(const struct inodes *t, uint32_t place)
{
	if (t->kept && *t->kept_most <= place)
		__atomic_store_n(t->kept_most, place + 1, __ATOMIC_RELEASE);
}

/* Takes a free place in the lowest block that has one, so that high blocks become empty and are
   freed. */
struct inode *inode_place_take(struct inodes *t, uint32_t *place)
{
	for (unsigned int b = 0; b < INODE_BLOCKS; b++) {
		struct inode_block *block = t->block + b;
		uint32_t i = block->used;

		if (!block->all) {
			struct inode *all = get_block(t, b);

			if (!all)
				return NULL;
			__atomic_store_n(&block->all, all, __ATOMIC_RELEASE);
		}
		if (block->free) {
			i = block->free - 1;
			block->free = block->all[i].next;
		} else if (i == block_room(b)) {
			continue;
		} else {
			block->used++;
		}
		block->live++;
		*place = inode_block_start(b) + i;
		note_most(t, *place);
		return block->all + i;
	}
	return NULL;
}

/* With keep_numbers blocks stay, since inodes_is_asleep() is called with numbers that no lookup count
   protects. */
void inode_place_free(struct inodes *t, uint32_t place)
{
	unsigned int b = inode_block_of(place);
	struct inode_block *block = t->block + b;
	struct inode *all = block->all;

	inode_place(t, place)->next = block->free;
	block->free = place - inode_block_start(b) + 1;
	if (--block->live || !b || t->keep_numbers || t->kept)
		return;
	*block = (struct inode_block) { .all = NULL };
	sys_free_pages(all, block_room(b) * sizeof(*all));
}

static void resume_place(struct inodes *t, unsigned int b, uint32_t i)
{
	struct inode_block *block = t->block + b;
	struct inode *inode = block->all + i;

	inode->writers = 0;
	inode->opens = 0;
	if (!inode->ino) {
		inode->next = block->free;
		block->free = i + 1;
		return;
	}
	if (inode->fd < 0)
		inode->retired = true;
	block->live++;
	t->live++;
	t->held += inode->fd >= 0;
}

void inode_places_resume(struct inodes *t)
{
	uint32_t most = *t->kept_most < t->kept_room ? (uint32_t)*t->kept_most : t->kept_room;

	for (unsigned int b = 0; b < INODE_BLOCKS && inode_block_start(b) < most; b++) {
		t->block[b].all = get_block(t, b);
		t->block[b].used = most - inode_block_start(b) < block_room(b) ? most - inode_block_start(b) : block_room(b);
		for (uint32_t i = t->block[b].used; i--; )
			resume_place(t, b, i);
	}
}
