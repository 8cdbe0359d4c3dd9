/* SPDX-License-Identifier: MIT */
/* near: the word that a mistyped one is like. The set-uid helper does without it. */
#include <string.h>

#include "opt.h"

enum { LONGEST = 24 };

static int min(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance: letters to insert, delete or replace in the first `len` of a. A word with more than
   LONGEST letters is far from all others; one that begins or ends with those of a is no distance away. */
static int distance(const char *a, size_t len, const char *b)
{
	size_t width = strlen(b);
	int row[LONGEST + 1];

	if (width > LONGEST || len > LONGEST)
		return LONGEST;
	if (width >= len && (strncmp(a, b, len) == 0 || strncmp(a, b + width - len, len) == 0))
		return 0;
	for (size_t i = 0; i <= width; i++)
		row[i] = (int)i;
	for (int line = 1; len; a++, line++, len--) {
		int corner = row[0];

		row[0] = line;
		for (size_t i = 1; i <= width; i++) {
			int above = row[i];

			row[i] = min(corner + (*a != b[i - 1]), 1 + min(above, row[i - 1]));
			corner = above;
		}
	}
	return row[width];
}

bool opt_nearer(const char *typed, const char *word, const char **nearest)
{
	size_t len = strcspn(typed, "=");
	int most = *nearest ? distance(typed, len, *nearest) - 1 : len > 4 ? 2 : 1;

	if (len < 3 || distance(typed, len, word) > most)
		return false;
	*nearest = word;
	return true;
}

void opt_near(const struct opt *table, const char *typed, const char **nearest)
{
	const struct opt *o;

	for (unsigned int i = 0; (o = opt_at(table, i)); i++)
		if (*o->name)
			opt_nearer(typed, o->name, nearest);
}
