/* SPDX-License-Identifier: MIT */
/* collect: the connections that a word means, with their identities, for -R and --wake. */
#include "cli/match.h"
#include "fumount.h"
#include "mount/table.h"

struct collection { struct census *from, *to; const char *types; };

static bool is_meant(const struct collection *c, const struct table_row *row)
{
	return table_is_fuse(row) && (!c->types || match_type(c->types, row->type));
}

static int add_connection(const struct table_row *row, void *data)
{
	const struct collection *c = data;

	return is_meant(c, row) ? census_add(c->to, table_connection(row)) : 0;
}

static int keep_connection(const struct table_row *row, void *data)
{
	const struct collection *c = data;
	const struct conn *conn = is_meant(c, row) ? census_find(c->from, table_connection(row)) : NULL;
	int err = conn ? census_add(c->to, conn->connection) : 0;

	if (conn && !err)
		*census_find(c->to, conn->connection) = *conn;
	return err;
}

static int each(const char *word, int (*fn)(const struct table_row *, void *), struct collection *c)
{
	return word ? target_each(word, fn, c) : table_each(NULL, fn, c);
}

/* A mount may go, and another one get its number, between the mount table and fusectl. A mount that is in the table
   before and after has had the connection meanwhile. */
int fumount_collect(const char *word, const char *types, struct census *census)
{
	struct census found = { .identify = true };
	struct collection first = { NULL, &found, types }, again = { &found, census, types };
	int err = each(word, add_connection, &first);

	if (!err && found.count)
		err = each(word, keep_connection, &again);
	census_free(&found);
	return err;
}
