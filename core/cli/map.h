/* map: numbers to numbers, by hash. */
#ifndef FUSEBOX_CLI_MAP_H
#define FUSEBOX_CLI_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map { struct map_entry { uint64_t key; uint32_t used, value; } *entries; size_t room, count; };

/* The value of a key, or NULL. The pointer is good until the next map_add(). */
uint32_t *map_find(const struct map *map, uint64_t key);

/* Sets it. 0 or -ENOMEM. */
int map_add(struct map *map, uint64_t key, uint32_t value);

/* Gives its memory back. */
void map_free(struct map *map);

#endif
