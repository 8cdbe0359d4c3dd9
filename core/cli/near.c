/* SPDX-License-Identifier: MIT */
/* near: the word that a mistyped one is like. The set-uid helper does without it. */
#include <string.h>

#include "opt.h"

enum { LONGEST = 24 };

static int min(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance: letters to insert, delete or replace. A word with more than LONGEST letters
   is far from all others. */
static int distance(const char *a, const char *b)
{
	int row[LONGEST + 1], width = (int)strlen(b);

	if (width > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	for (int i = 0; i <= width; i++)
		row[i] = i;
	for (int line = 1; *a; a++, line++) {
		int corner = row[0];

		row[0] = line;
		for (int i = 1; i <= width; i++) {
			int above = row[i];

			row[i] = min(corner + (*a != b[i - 1]), 1 + min(above, row[i - 1]));
			corner = above;
		}
	}
	return row[width];
}

bool opt_nearer(const char *typed, const char *word, const char **nearest)
{
	size_t len = strlen(typed);
	int off = distance(typed, word), most = *nearest ? distance(typed, *nearest) - 1 : len > 4 ? 2 : 1;

	if (len < 3 || (off > most && (*nearest || strncmp(typed, word, len) != 0)))
		return false;
	*nearest = word;
	return true;
}

const char *opt_near(const struct opt *table, const char *typed)
{
	const char *nearest = NULL;

	for (; table->letter || table->name; table++)
		if (table->name)
			opt_nearer(typed, table->name, &nearest);
	return nearest;
}
