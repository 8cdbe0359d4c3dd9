/* SPDX-License-Identifier: MIT */
/* relay_table: numbers of 64 bits, each with a value, under slots that keep their index until they
 * are removed. Makes no system calls but for memory. A table of zeros is empty. */
#ifndef FUSEBOX_FMOUNT_RELAY_TABLE_H
#define FUSEBOX_FMOUNT_RELAY_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* stamp: 0 if the slot is not used; else unique to this use of the slot: it comes again after 2^RELAY_STAMP_BITS additions. */
enum { RELAY_INDEX_BITS = 25, RELAY_STAMP_BITS = 63 - RELAY_INDEX_BITS };
struct relay_slot { uint64_t key, value, stamp; uint32_t next; };
struct relay_table {
	struct relay_slot *slots;
	uint32_t *heads;	/* of the chains: indices + 1, like `next` and `free` */
	uint32_t room, fresh;	/* slots, a power of two; those from `fresh` on were never used */
	uint32_t free, count;
	uint64_t stamps;	/* the last one; relay_table_clear() keeps it */
};

/* most: slots in a table. The kernel has an inode for each node, of more than a kilobyte, so one slot for each kilobyte
   of memory is more than a server needs that does not lie. A table of that size takes 3.5 to 7 percent of the memory, by 36
   bytes a slot.
   multiplier: odd, and unknown to servers, which choose the keys: no keys are all in one chain. */
extern struct relay_limits { uint32_t most; uint64_t multiplier; } relay_limits;

/* This process may use `memory` bytes. `secret` is any number. */
void relay_table_limit(uint64_t memory, uint64_t secret);

enum { RELAY_NO_SLOT = UINT32_MAX };

/* The index of the key's slot, or RELAY_NO_SLOT. */
uint32_t relay_table_find(const struct relay_table *t, uint64_t key);

/* Adds a key that is not there. Returns its slot's index, or RELAY_NO_SLOT: there is no memory, or relay_limits.most
   slots are used. */
uint32_t relay_table_add(struct relay_table *t, uint64_t key, uint64_t value);

void relay_table_remove(struct relay_table *t, uint32_t index);

/* Removes all keys, and frees the memory. */
void relay_table_clear(struct relay_table *t);

#endif
