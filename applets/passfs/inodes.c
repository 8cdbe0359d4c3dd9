/* inodes: see inodes.h. */
#include "inodes.h"

#include <stddef.h>

#include "sys.h"
#include "thread.h"

enum { FIRST_ROOM = 128 };	/* a power of two, of the hash and of the first two blocks */

/* Block 0 has the first FIRST_ROOM places, block b as many as all before it. */
static unsigned int block_of(uint32_t place)
{
	return place < FIRST_ROOM ? 0 : 32 - (unsigned int)__builtin_clz(place / FIRST_ROOM);
}

static uint32_t block_start(unsigned int b)
{
	return b ? (uint32_t)FIRST_ROOM << (b - 1) : 0;
}

static uint32_t block_room(unsigned int b)
{
	return b ? block_start(b) : FIRST_ROOM;
}

static struct inode *at(const struct inodes *t, uint32_t place)
{
	unsigned int b = block_of(place);

	return t->block[b].all + (place - block_start(b));
}

struct inode *inodes_get(const struct inodes *t, uint64_t node)
{
	uint64_t place = node - 1;
	unsigned int b = place < (uint64_t)FIRST_ROOM << (INODE_BLOCKS - 1) ? block_of((uint32_t)place) : INODE_BLOCKS;
	struct inode *all = b < INODE_BLOCKS ? __atomic_load_n(&t->block[b].all, __ATOMIC_ACQUIRE) : NULL;
	struct inode *inode = all ? all + (place - block_start(b)) : NULL;

	return inode && __atomic_load_n(&inode->fd, __ATOMIC_ACQUIRE) >= 0 && inode->ino ? inode : NULL;
}

uint64_t inodes_most(const struct inodes *t)
{
	uint64_t most = 0;

	for (unsigned int b = 0; b < INODE_BLOCKS; b++)
		if (t->block[b].used)
			most = (uint64_t)block_start(b) + t->block[b].used;
	return most;
}

/* ---- The hash; all of this is locked ---- */

static uint32_t *bucket(const struct inodes *t, uint64_t device, uint64_t ino)
{
	uint64_t mixed = (ino ^ device << 20) * 0x9e3779b97f4a7c15u;

	return t->hash + (mixed >> 32 & (t->room - 1));
}

static void link_in(struct inodes *t, uint32_t place)
{
	const struct inode *inode = at(t, place);
	uint32_t *first = bucket(t, inode->device, inode->ino);

	at(t, place)->next = *first;
	*first = place + 1;
}

static uint32_t find(const struct inodes *t, uint64_t device, uint64_t ino)
{
	uint32_t place = t->room ? *bucket(t, device, ino) : 0;

	while (place && (at(t, place - 1)->ino != ino || at(t, place - 1)->device != device))
		place = at(t, place - 1)->next;
	return place;
}

/* Another size, and everything where it now belongs. Without memory it stays as it is. */
static void resize(struct inodes *t, uint32_t room)
{
	uint32_t *hash = sys_pages(room * sizeof(*hash));

	if (!hash)
		return;
	if (t->room)
		sys_free_pages(t->hash, t->room * sizeof(*hash));
	t->hash = hash;
	t->room = room;
	for (unsigned int b = 0; b < INODE_BLOCKS; b++)
		for (uint32_t i = 0; i < t->block[b].used; i++)
			if (t->block[b].all[i].ino && !t->block[b].all[i].retired)
				link_in(t, block_start(b) + i);
}

/* A free place in the lowest block that has one, so that the high ones empty. */
static struct inode *free_place(struct inodes *t, uint32_t *place)
{
	for (unsigned int b = 0; b < INODE_BLOCKS; b++) {
		struct inode_block *block = t->block + b;
		uint32_t i = block->used;

		if (!block->all) {
			struct inode *all = sys_pages(block_room(b) * sizeof(*all));

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
		*place = block_start(b) + i;
		return block->all + i;
	}
	return NULL;
}

static uint64_t add(struct inodes *t, int fd, uint64_t device, uint64_t ino)
{
	struct inode *inode;
	uint32_t place;

	if (t->live == t->room)
		resize(t, t->room ? t->room * 2 : FIRST_ROOM);
	inode = t->room ? free_place(t, &place) : NULL;
	if (!inode)
		return 0;
	*inode = (struct inode) { .fd = -1, .device = device, .ino = ino, .lookups = 1 };
	t->live++;
	link_in(t, place);
	/* From here on it is there, for who asks without the lock. */
	__atomic_store_n(&inode->fd, fd, __ATOMIC_RELEASE);
	return place + 1;
}

static void unlink_from_hash(struct inodes *t, uint32_t place)
{
	const struct inode *inode = at(t, place);
	uint32_t *link = bucket(t, inode->device, inode->ino);

	while (*link != place + 1)
		link = &at(t, *link - 1)->next;
	*link = inode->next;
}

/* Out of the hash; its block, when that was the last one of it, goes back. With keep_numbers it
   stays, since numbers that nobody knows any more are asked for. */
static void drop(struct inodes *t, uint32_t place)
{
	unsigned int b = block_of(place);
	struct inode_block *block = t->block + b;
	struct inode *inode = at(t, place);

	if (!inode->retired)
		unlink_from_hash(t, place);
	inode->retired = false;
	inode->ino = 0;
	inode->next = block->free;
	block->free = place - block_start(b) + 1;
	t->live--;
	if (--block->live == 0 && b && !t->keep_numbers) {
		struct inode *all = block->all;

		*block = (struct inode_block) { .all = NULL };
		sys_free_pages(all, block_room(b) * sizeof(*all));
	}
	if (t->live < t->room / 8 && t->room > FIRST_ROOM)
		resize(t, t->room / 4 > FIRST_ROOM ? t->room / 4 : FIRST_ROOM);
}

/* ---- What takes the lock ---- */

uint64_t inodes_take(struct inodes *t, int fd, uint64_t device, uint64_t ino)
{
	uint64_t node;
	bool kept = false;

	thread_lock(&t->lock);
	node = find(t, device, ino);
	if (node && at(t, (uint32_t)node - 1)->lookups++ == 0) {
		__atomic_store_n(&at(t, (uint32_t)node - 1)->fd, fd, __ATOMIC_RELEASE);	/* awake again */
		kept = true;
	} else if (!node)
		kept = (node = add(t, fd, device, ino)) != 0;
	__atomic_store_n(&t->held, t->held + kept, __ATOMIC_RELAXED);
	thread_unlock(&t->lock);
	if (!kept)
		sys_close(fd);
	return node;
}

static bool is_asleep(const struct inodes *t, uint64_t node)
{
	unsigned int b = block_of((uint32_t)node - 1);
	const struct inode *inode = t->block[b].all ? at(t, (uint32_t)node - 1) : NULL;

	return inode && inode->ino && inode->fd < 0;
}

bool inodes_is_asleep(struct inodes *t, uint64_t node)
{
	bool asleep;

	thread_lock(&t->lock);
	asleep = is_asleep(t, node);
	thread_unlock(&t->lock);
	return asleep;
}

void inodes_drop(struct inodes *t, uint64_t node)
{
	thread_lock(&t->lock);
	if (is_asleep(t, node))
		drop(t, (uint32_t)node - 1);
	thread_unlock(&t->lock);
}

int32_t inodes_forget(struct inodes *t, uint64_t node, uint64_t lookups)
{
	struct inode *inode;
	int32_t backing = 0;
	int fd = -1;

	thread_lock(&t->lock);
	inode = node == 1 ? NULL : inodes_get(t, node);	/* the root stays */
	if (inode) {
		inode->lookups -= lookups < inode->lookups ? lookups : inode->lookups;
		if (!inode->lookups) {
			__atomic_store_n(&t->held, t->held - 1, __ATOMIC_RELAXED);
			fd = inode->fd;
			backing = inode->backing;
			__atomic_store_n(&inode->fd, -1, __ATOMIC_RELAXED);
			inode->backing = 0;
			if (!t->keep_numbers)
				drop(t, (uint32_t)node - 1);
		}
	}
	thread_unlock(&t->lock);
	/* As long as the descriptor is open, no other file gets its inode number. */
	if (fd >= 0 && t->keep_numbers && t->is_gone && t->is_gone(fd))
		inodes_drop(t, node);
	if (fd >= 0)
		sys_close(fd);
	return backing;
}

bool inodes_open(struct inodes *t, uint64_t node)
{
	struct inode *inode;
	bool current;

	thread_lock(&t->lock);
	inode = inodes_get(t, node);
	current = inode && !inode->retired;
	if (inode)
		inode->opens++;
	thread_unlock(&t->lock);
	return current;
}

void inodes_close(struct inodes *t, uint64_t node)
{
	struct inode *inode;

	thread_lock(&t->lock);
	inode = inodes_get(t, node);
	if (inode && inode->opens)
		inode->opens--;
	thread_unlock(&t->lock);
}

bool inodes_retire(struct inodes *t, uint64_t node)
{
	struct inode *inode;
	bool can;

	thread_lock(&t->lock);
	inode = node == 1 ? NULL : inodes_get(t, node);
	can = inode && !inode->opens && !inode->retired;
	if (can) {
		unlink_from_hash(t, (uint32_t)node - 1);
		inode->retired = true;
	}
	thread_unlock(&t->lock);
	return can;
}
