/* inodes: see inodes.h. */
#include "inodes.h"

#include <stddef.h>

#include "sys.h"

enum { FIRST_ROOM = 128 };	/* a power of two */

static uint32_t *bucket(const struct inodes *t, uint64_t device, uint64_t ino)
{
	uint64_t mixed = (ino ^ device << 20) * 0x9e3779b97f4a7c15u;

	return t->hash + (mixed >> 32 & (t->room - 1));
}

struct inode *inodes_get(const struct inodes *t, uint64_t node)
{
	struct inode *inode = node && node <= t->count ? t->all + node - 1 : NULL;

	return inode && inode->fd >= 0 ? inode : NULL;
}

static void link_in(struct inodes *t, uint32_t place)
{
	uint32_t *first = bucket(t, t->all[place].device, t->all[place].ino);

	t->all[place].next = *first;
	*first = place + 1;
}

/* Both tables at once; only when no place is free, so all are in use. */
static int grow(struct inodes *t)
{
	uint32_t room = t->room ? t->room * 2 : FIRST_ROOM;
	struct inode *all = sys_more_pages(t->all, t->room * sizeof(*all), room * sizeof(*all));
	uint32_t *hash = all ? sys_pages(room * sizeof(*hash)) : NULL;

	if (all)
		t->all = all;
	if (!hash)
		return -1;
	if (t->room)
		sys_free_pages(t->hash, t->room * sizeof(*hash));
	t->hash = hash;
	t->room = room;
	for (uint32_t i = 0; i < t->count; i++)
		link_in(t, i);
	return 0;
}

static uint64_t add(struct inodes *t, int fd, uint64_t device, uint64_t ino)
{
	uint32_t place = t->free;

	if (place) {
		place--;
		t->free = t->all[place].next;
	} else if (t->count == t->room && grow(t) < 0) {
		sys_close(fd);
		return 0;
	} else {
		place = t->count++;
	}
	t->all[place] = (struct inode) { .fd = fd, .device = device, .ino = ino, .lookups = 1 };
	link_in(t, place);
	return place + 1;
}

uint64_t inodes_take(struct inodes *t, int fd, uint64_t device, uint64_t ino)
{
	uint32_t at = t->room ? *bucket(t, device, ino) : 0;

	for (; at; at = t->all[at - 1].next) {
		struct inode *inode = t->all + at - 1;

		if (inode->ino == ino && inode->device == device) {
			sys_close(fd);
			inode->lookups++;
			return at;
		}
	}
	return add(t, fd, device, ino);
}

static void drop(struct inodes *t, uint32_t place)
{
	struct inode *inode = t->all + place;
	uint32_t *link = bucket(t, inode->device, inode->ino);

	while (*link != place + 1)
		link = &t->all[*link - 1].next;
	*link = inode->next;
	sys_close(inode->fd);
	inode->fd = -1;
	inode->next = t->free;
	t->free = place + 1;
}

void inodes_forget(struct inodes *t, uint64_t node, uint64_t lookups)
{
	struct inode *inode = inodes_get(t, node);

	if (!inode || node == 1)	/* the root stays */
		return;
	inode->lookups -= lookups < inode->lookups ? lookups : inode->lookups;
	if (!inode->lookups)
		drop(t, (uint32_t)node - 1);
}
