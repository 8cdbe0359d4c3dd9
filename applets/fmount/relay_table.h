/* SPDX-License-Identifier: MIT */
/* relay_table: numbers of 64 bits, each with a value, under slots that keep their index until they
 * are removed. Makes no system calls but for memory. A table of zeros is empty. */
#ifndef FUSEBOX_FMOUNT_RELAY_TABLE_H
#define FUSEBOX_FMOUNT_RELAY_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct relay_slot { uint64_t key, value; uint32_t next; bool used; };
struct relay_table {
	struct relay_slot *slots;
	uint32_t *heads;	/* of the chains: indices + 1, like `next` and `free` */
	uint32_t room, fresh;	/* slots, a power of two; those from `fresh` on were never used */
	uint32_t free, count;
};

enum { RELAY_NO_SLOT = UINT32_MAX };

/* The index of the key's slot, or RELAY_NO_SLOT. */
uint32_t relay_table_find(const struct relay_table *t, uint64_t key);

/* Adds a key that is not there. Returns its slot's index, or RELAY_NO_SLOT if there is no memory. */
uint32_t relay_table_add(struct relay_table *t, uint64_t key, uint64_t value);

void relay_table_remove(struct relay_table *t, uint32_t index);

/* Removes all keys, and frees the memory. */
void relay_table_clear(struct relay_table *t);

#endif
