/* SPDX-License-Identifier: MIT */
/* inode_places: the memory of inodes, for inodes.c, whose lock the callers hold.
 *
 * A place is free or has an inode. Block 0 has the first INODE_FIRST_ROOM places, block b as many as
 * all blocks before it, so that no inode ever moves.
 */
#ifndef FUSEBOX_PASSFS_INODE_PLACES_H
#define FUSEBOX_PASSFS_INODE_PLACES_H

#include "inodes.h"

enum { INODE_FIRST_ROOM = 128 };	/* a power of two: size of the first hash, and of blocks 0 and 1 */

/* The block of a place, and the first place of a block, without a branch: each request asks several times. */
static inline unsigned int inode_block_of(uint32_t place)
{
	const uint32_t first = INODE_FIRST_ROOM - 1;

	return (unsigned int)(__builtin_clz(first) - __builtin_clz(place | first));
}

static inline uint32_t inode_block_start(unsigned int block)
{
	const uint32_t first = INODE_FIRST_ROOM - 1;

	return (uint32_t)INODE_FIRST_ROOM / 2 << block & ~first;
}

/* The inode at a place whose block exists; the table owns it. */
static inline struct inode *inode_place(const struct inodes *inodes, uint32_t place)
{
	unsigned int block = inode_block_of(place);

	return inodes->block[block].all + (place - inode_block_start(block));
}

/* Takes a free place and returns its inode, whose fields are those of a former one, or NULL without
   memory. inode_place_free() returns the place, and frees its block if that is empty. */
struct inode *inode_place_take(struct inodes *inodes, uint32_t *place);
void inode_place_free(struct inodes *inodes, uint32_t place);

/* Takes over the places that a former process has left in inodes->kept, and counts them. */
void inode_places_resume(struct inodes *inodes);

#endif
