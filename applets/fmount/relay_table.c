/* SPDX-License-Identifier: MIT */
/* relay_table: see relay_table.h. */
#include "relay_table.h"

#include "sys.h"

enum { FIRST_ROOM = 64, FEWEST = 1 << 16 };

struct relay_limits relay_limits = { FEWEST, 0x9e3779b97f4a7c15u };

void relay_table_limit(uint64_t memory, uint64_t secret)
{
	relay_limits.multiplier = secret | 1;
	while (relay_limits.most < memory / 1024 && relay_limits.most < (uint32_t)1 << RELAY_INDEX_BITS)
		relay_limits.most *= 2;
}

/* The highest bits of the product, since only those depend on all bits of the key and the multiplier. */
static uint32_t *head_of(const struct relay_table *t, uint64_t key)
{
	return t->heads + ((key * relay_limits.multiplier >> 32) * t->room >> 32);
}

uint32_t relay_table_find(const struct relay_table *t, uint64_t key)
{
	uint32_t at = t->room ? *head_of(t, key) : 0;

	while (at && t->slots[at - 1].key != key)
		at = t->slots[at - 1].next;
	return at ? at - 1 : RELAY_NO_SLOT;
}

static void chain(struct relay_table *t, uint32_t index)
{
	uint32_t *head = head_of(t, t->slots[index].key);

	t->slots[index].next = *head;
	*head = index + 1;
}

/* Called when all slots are used. */
static bool grow(struct relay_table *t)
{
	uint32_t room = t->room ? t->room * 2 : FIRST_ROOM, *heads = NULL;
	struct relay_slot *slots = NULL;

	if (room <= relay_limits.most)
		heads = sys_pages(room * sizeof(*heads));
	if (heads)
		slots = sys_more_pages(t->slots, t->room * sizeof(*slots), room * sizeof(*slots));
	if (!slots) {
		if (heads)
			sys_free_pages(heads, room * sizeof(*heads));
		return false;
	}
	if (t->room)
		sys_free_pages(t->heads, t->room * sizeof(*heads));
	t->slots = slots;
	t->heads = heads;
	t->room = room;
	for (uint32_t i = 0; i < t->fresh; i++)
		chain(t, i);
	return true;
}

static uint64_t next_stamp(struct relay_table *t)
{
	do
		t->stamps = (t->stamps + 1) & (((uint64_t)1 << RELAY_STAMP_BITS) - 1);
	while (!t->stamps);	/* once in years */
	return t->stamps;
}

uint32_t relay_table_add(struct relay_table *t, uint64_t key, uint64_t value)
{
	uint32_t index;

	if (!t->free && t->fresh == t->room && !grow(t))
		return RELAY_NO_SLOT;
	index = t->free ? t->free - 1 : t->fresh++;
	if (t->free)
		t->free = t->slots[index].next;
	t->slots[index] = (struct relay_slot) { .key = key, .value = value, .stamp = next_stamp(t) };
	chain(t, index);
	t->count++;
	return index;
}

void relay_table_remove(struct relay_table *t, uint32_t index)
{
	uint32_t *at = head_of(t, t->slots[index].key);

	while (*at != index + 1)
		at = &t->slots[*at - 1].next;
	*at = t->slots[index].next;
	t->slots[index] = (struct relay_slot) { .next = t->free };
	t->free = index + 1;
	t->count--;
}

void relay_table_clear(struct relay_table *t)
{
	if (t->room) {
		sys_free_pages(t->heads, t->room * sizeof(*t->heads));
		sys_free_pages(t->slots, t->room * sizeof(*t->slots));
	}
	*t = (struct relay_table) { .stamps = t->stamps };
}
