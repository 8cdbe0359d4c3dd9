/* SPDX-License-Identifier: MIT */
/* map: a hash table from 64-bit keys to 32-bit values. */
#ifndef FUSEBOX_CLI_MAP_H
#define FUSEBOX_CLI_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map { struct map_entry { uint64_t key; uint32_t used, value; } *entries; size_t room, count; };

/* Returns a pointer to the value of a key, valid until the next map_add(), or NULL. */
uint32_t *map_find(const struct map *map, uint64_t key);

/* Sets the value of a key. 0 or -ENOMEM. */
int map_add(struct map *map, uint64_t key, uint32_t value);

/* Frees the memory and empties the map. */
void map_free(struct map *map);

#endif
