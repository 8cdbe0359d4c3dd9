/* SPDX-License-Identifier: MIT */
/* map: see map.h. */
#include "cli/map.h"

#include <errno.h>

#include "sys.h"

enum { FIRST_ROOM = 256 };

static struct map_entry *slot(const struct map *map, uint64_t key)
{
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15u >> 32) & (map->room - 1);

	while (map->entries[at].used && map->entries[at].key != key)
		at = (at + 1) & (map->room - 1);
	return map->entries + at;
}

uint32_t *map_find(const struct map *map, uint64_t key)
{
	struct map_entry *e = map->room ? slot(map, key) : NULL;

	return e && e->used ? &e->value : NULL;
}

void map_free(struct map *map)
{
	if (map->room)
		sys_free_pages(map->entries, map->room * sizeof(*map->entries));
	*map = (struct map) { .room = 0 };
}

/* map_add() calls it before the table is more than half full. */
static int grow(struct map *map)
{
	size_t room = map->room ? map->room * 2 : FIRST_ROOM;
	struct map bigger = { sys_pages(room * sizeof(*map->entries)), room, map->count };

	if (!bigger.entries)
		return -ENOMEM;
	for (size_t i = 0; i < map->room; i++)
		if (map->entries[i].used)
			*slot(&bigger, map->entries[i].key) = map->entries[i];
	map_free(map);
	*map = bigger;
	return 0;
}

int map_add(struct map *map, uint64_t key, uint32_t value)
{
	struct map_entry *e;

	if (map->count * 2 >= map->room && grow(map) < 0)
		return -ENOMEM;
	e = slot(map, key);
	map->count += !e->used;
	*e = (struct map_entry) { key, 1, value };
	return 0;
}
