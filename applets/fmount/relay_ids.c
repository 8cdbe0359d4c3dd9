/* SPDX-License-Identifier: MIT */
/* relay_ids: see relay_ids.h. */
#include "relay_ids.h"

#include <stddef.h>

/* Bit 63, the slot's stamp, and its index. The first server's own numbers reach the kernel
   as they are: small ones, inode numbers or addresses, which do not have bit 63. */
static uint64_t compose(const struct relay_ids *ids, uint32_t index)
{
	return (uint64_t)1 << 63 | (uint64_t)ids->table.slots[index].stamp << RELAY_INDEX_BITS | index;
}

uint64_t relay_ids_known(const struct relay_ids *ids, uint64_t server)
{
	uint32_t index = relay_table_find(&ids->table, server);

	return index == RELAY_NO_SLOT ? 0 : compose(ids, index);
}

uint64_t relay_ids_give(struct relay_ids *ids, uint64_t server)
{
	uint32_t index = relay_table_find(&ids->table, server);

	if (index == RELAY_NO_SLOT)
		index = relay_table_add(&ids->table, server, 0);
	if (index == RELAY_NO_SLOT)
		return 0;
	ids->table.slots[index].value++;
	return compose(ids, index);
}

static uint32_t index_of(uint64_t kernel)
{
	return kernel & (((uint32_t)1 << RELAY_INDEX_BITS) - 1);
}

/* The slot of the kernel's number, or NULL. */
static struct relay_slot *slot_of(const struct relay_ids *ids, uint64_t kernel)
{
	uint32_t index = index_of(kernel);

	if (index >= ids->table.fresh || kernel != compose(ids, index) || !ids->table.slots[index].stamp)
		return NULL;
	return ids->table.slots + index;
}

bool relay_ids_find(const struct relay_ids *ids, uint64_t kernel, uint64_t *server)
{
	const struct relay_slot *slot = slot_of(ids, kernel);

	if (slot)
		*server = slot->key;
	return slot != NULL;
}

void relay_ids_drop(struct relay_ids *ids, uint64_t kernel, uint64_t count)
{
	struct relay_slot *slot = slot_of(ids, kernel);

	if (!slot)
		return;
	slot->value -= count < slot->value ? count : slot->value;
	if (!slot->value)
		relay_table_remove(&ids->table, index_of(kernel));
}

void relay_ids_end_life(struct relay_ids *ids)
{
	relay_table_clear(&ids->table);
}
