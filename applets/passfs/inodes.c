/* SPDX-License-Identifier: MIT */
/* inodes: see inodes.h. */
#include "inode_places.h"

#include <errno.h>
#include <stddef.h>

#include "sys.h"
#include "thread.h"

struct inode *inodes_get(const struct inodes *t, uint64_t node)
{
	uint64_t place = node - 1;
	unsigned int b = place < (uint64_t)INODE_FIRST_ROOM << (INODE_BLOCKS - 1) ? inode_block_of((uint32_t)place) : INODE_BLOCKS;
	struct inode *all = b < INODE_BLOCKS ? __atomic_load_n(&t->block[b].all, __ATOMIC_ACQUIRE) : NULL;
	struct inode *inode = all ? all + (place - inode_block_start(b)) : NULL;

	return inode && __atomic_load_n(&inode->fd, __ATOMIC_ACQUIRE) >= 0 && inode->ino ? inode : NULL;
}

/* A node that the kernel knows, even if its descriptor is lost. */
static struct inode *get_known(const struct inodes *t, uint64_t node)
{
	uint64_t place = node - 1;
	const struct inode_block *block;

	if (place >= (uint64_t)INODE_FIRST_ROOM << (INODE_BLOCKS - 1))
		return NULL;
	block = t->block + inode_block_of((uint32_t)place);
	return block->all && inode_place(t, (uint32_t)place)->ino ? inode_place(t, (uint32_t)place) : NULL;
}

uint64_t inodes_most(const struct inodes *t)
{
	uint64_t most = 0;

	for (unsigned int b = 0; b < INODE_BLOCKS; b++)
		if (t->block[b].used)
			most = (uint64_t)inode_block_start(b) + t->block[b].used;
	return most;
}

/* ---- The hash; the caller holds the lock ---- */

static uint32_t *bucket(const struct inodes *t, uint64_t device, uint64_t ino)
{
	uint64_t mixed = (ino ^ device << 20) * 0x9e3779b97f4a7c15u;

	return t->hash + (mixed >> 32 & (t->room - 1));
}

static void hash_insert(struct inodes *t, uint32_t place)
{
	const struct inode *inode = inode_place(t, place);
	uint32_t *first = bucket(t, inode->device, inode->ino);

	inode_place(t, place)->next = *first;
	*first = place + 1;
}

static uint32_t hash_find(const struct inodes *t, uint64_t device, uint64_t ino)
{
	uint32_t place = t->room ? *bucket(t, device, ino) : 0;

	while (place && (inode_place(t, place - 1)->ino != ino || inode_place(t, place - 1)->device != device))
		place = inode_place(t, place - 1)->next;
	return place;
}

/* Rehashes all inodes into `room` chains. Without memory the old hash stays. */
static void hash_resize(struct inodes *t, uint32_t room)
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
				hash_insert(t, inode_block_start(b) + i);
}

/* A killed process leaves all of these words written, or none. */
static void write_words(const struct inodes *t, const struct fuse_word *word, size_t count)
{
	if (t->kept)
		fuse_write_words(word, count);
	else
		for (size_t i = 0; i < count; i++)
			__atomic_store_n(word[i].at, word[i].value, __ATOMIC_RELAXED);	/* read without the lock */
}

/* Appends the words of `also` to word[count]. Returns the new count. */
static size_t add_also(struct fuse_word *word, size_t count, struct inode_also also, uint64_t node)
{
	if (also.node)
		word[count++] = (struct fuse_word) { also.node, node };
	if (also.word)
		word[count++] = (struct fuse_word) { also.word, also.value };
	return count;
}

static uint64_t add_inode(struct inodes *t, int fd, uint64_t device, uint64_t ino, struct inode_also also)
{
	struct fuse_word word[FUSE_WORDS];
	struct inode *inode;
	uint32_t place;

	if (t->live == t->room)
		hash_resize(t, t->room ? t->room * 2 : INODE_FIRST_ROOM);
	inode = t->room ? inode_place_take(t, &place) : NULL;
	if (!inode)
		return 0;
	*inode = (struct inode) { .fd = t->kept ? fd : -1, .device = device, .lookups = 1 };
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	word[0] = (struct fuse_word) { &inode->ino, ino };
	write_words(t, word, add_also(word, 1, also, place + 1));
	t->live++;
	hash_insert(t, place);
	/* Publish the inode to inodes_get(), which takes no lock. */
	__atomic_store_n(&inode->fd, fd, __ATOMIC_RELEASE);
	return place + 1;
}

static void hash_remove(struct inodes *t, uint32_t place)
{
	const struct inode *inode = inode_place(t, place);
	uint32_t *link = bucket(t, inode->device, inode->ino);

	while (*link != place + 1)
		link = &inode_place(t, *link - 1)->next;
	*link = inode->next;
}

static void free_inode(struct inodes *t, uint32_t place)
{
	struct inode *inode = inode_place(t, place);

	if (!inode->retired)
		hash_remove(t, place);
	inode->retired = false;
	inode->ino = 0;
	t->live--;
	inode_place_free(t, place);
	if (t->live < t->room / 8 && t->room > INODE_FIRST_ROOM)
		hash_resize(t, t->room / 4 > INODE_FIRST_ROOM ? t->room / 4 : INODE_FIRST_ROOM);
}

/* ---- Descriptors by caller ---- */

enum { USERS = 1 << 16 };

static void count_held(struct inodes *t, const struct inode *inode, int32_t more)
{
	uint32_t *of = t->of_uid ? t->of_uid + inode->uid % USERS : NULL;

	__atomic_store_n(&t->held, t->held + (uint32_t)more, __ATOMIC_RELAXED);
	if (of)
		__atomic_store_n(of, *of + (uint32_t)more, __ATOMIC_RELAXED);
}

int inodes_count_users(struct inodes *t)
{
	uint64_t most = inodes_most(t);

	t->of_uid = sys_pages(USERS * sizeof(*t->of_uid));
	for (uint64_t node = 1; t->of_uid && node <= most; node++) {
		const struct inode *inode = inodes_get(t, node);

		if (inode)
			t->of_uid[inode->uid % USERS]++;
	}
	return t->of_uid ? 0 : -ENOMEM;
}

uint32_t inodes_held_for(const struct inodes *t, uint32_t uid)
{
	return t->of_uid ? __atomic_load_n(t->of_uid + uid % USERS, __ATOMIC_RELAXED) : 0;
}

/* ---- Public functions, which take the lock ---- */

static void add_lookup(struct inodes *t, uint64_t node, struct inode_also also)
{
	struct inode *inode = inode_place(t, (uint32_t)node - 1);
	struct fuse_word word[FUSE_WORDS];

	word[0] = (struct fuse_word) { &inode->lookups, inode->lookups + 1 };
	write_words(t, word, add_also(word, 1, also, node));
}

uint64_t inodes_take(struct inodes *t, int fd, uint64_t device, uint64_t ino, struct inode_also also)
{
	uint64_t node;
	bool kept = false;

	thread_lock(&t->lock);
	node = hash_find(t, device, ino);
	if (node) {
		add_lookup(t, node, also);
		kept = inode_place(t, (uint32_t)node - 1)->lookups == 1;
		if (kept)
			__atomic_store_n(&inode_place(t, (uint32_t)node - 1)->fd, fd, __ATOMIC_RELEASE);	/* awake again */
	} else {
		kept = (node = add_inode(t, fd, device, ino, also)) != 0;
	}
	if (kept) {
		inode_place(t, (uint32_t)node - 1)->uid = also.uid;
		count_held(t, inode_place(t, (uint32_t)node - 1), 1);
	}
	thread_unlock(&t->lock);
	if (!kept)
		sys_close(fd);
	return node;
}

static bool is_asleep(const struct inodes *t, uint64_t node)
{
	unsigned int b = inode_block_of((uint32_t)node - 1);
	const struct inode *inode = t->block[b].all ? inode_place(t, (uint32_t)node - 1) : NULL;

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
		free_inode(t, (uint32_t)node - 1);
	thread_unlock(&t->lock);
}

/* Subtracts from the lookup count. At 0 the node is free, unless it keeps its number. */
static void drop_lookups(struct inodes *t, uint64_t node, struct inode *inode, uint64_t lookups, struct inode_also also)
{
	uint64_t left = inode->lookups - (lookups < inode->lookups ? lookups : inode->lookups);
	struct fuse_word word[FUSE_WORDS];
	size_t count = 1;
	bool ends = !left && !t->keep_numbers;

	word[0] = (struct fuse_word) { &inode->lookups, left };
	if (ends && !inode->retired) {
		hash_remove(t, (uint32_t)node - 1);
		inode->retired = true;
	}
	if (ends)
		word[count++] = (struct fuse_word) { &inode->ino, 0 };
	write_words(t, word, add_also(word, count, also, 0));
	if (ends)
		free_inode(t, (uint32_t)node - 1);
}

int32_t inodes_forget(struct inodes *t, uint64_t node, uint64_t lookups, struct inode_also also)
{
	struct inode *inode;
	int32_t backing = 0;
	int fd = -1;

	thread_lock(&t->lock);
	inode = node == 1 ? NULL : get_known(t, node);	/* the kernel never forgets the root */
	if (inode && !inode->lookups)
		inode = NULL;	/* asleep */
	if (inode && lookups >= inode->lookups) {
		fd = inode->fd;
		backing = inode->backing;
		count_held(t, inode, fd >= 0 ? -1 : 0);
		__atomic_store_n(&inode->fd, -1, __ATOMIC_RELAXED);
		inode->backing = 0;
	}
	if (inode)
		drop_lookups(t, node, inode, lookups, also);
	thread_unlock(&t->lock);
	/* Call is_gone() while the descriptor pins the inode number: no other file can get it. */
	if (fd >= 0 && t->keep_numbers && t->is_gone && t->is_gone(fd))
		inodes_drop(t, node);
	if (fd >= 0)
		sys_close(fd);
	return backing;
}

/* ---- Taking over ---- */

int inodes_resume(struct inodes *t)
{
	uint32_t room = INODE_FIRST_ROOM;

	inode_places_resume(t);
	while (room < t->live)
		room *= 2;
	if (t->live)
		hash_resize(t, room);
	return t->live && !t->room ? -ENOMEM : 0;
}

void inodes_lose(struct inodes *t, uint64_t node)
{
	struct inode *inode = get_known(t, node);

	if (!inode || inode->fd < 0)
		return;
	if (!inode->retired)
		hash_remove(t, (uint32_t)node - 1);
	inode->retired = true;
	inode->fd = -1;
	count_held(t, inode, -1);
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
		hash_remove(t, (uint32_t)node - 1);
		inode->retired = true;
	}
	thread_unlock(&t->lock);
	return can;
}
