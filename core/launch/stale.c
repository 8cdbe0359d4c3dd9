/* SPDX-License-Identifier: MIT */
/* stale: see stale.h. */
#include "launch/stale.h"

#include <errno.h>

#include "health/census.h"
#include "health/fusectl.h"
#include "health/server.h"
#include "msg.h"

/* Whether the server is shown to keep requests waiting and not to run. */
static bool is_hung(uint64_t connection)
{
	enum { WATCH_MS = 1000 };
	struct census c = { .count = 0 };
	struct conn *conn;
	bool hung;

	if (census_add(&c, connection) < 0)
		return false;
	census_look(&c, WATCH_MS);
	conn = census_find(&c, connection);
	hung = conn && census_blocks(conn) && census_waited(conn);
	census_free(&c);
	return hung;
}

int stale_check(const char *path, uint64_t connection, enum umount_how *how)
{
	int server = fusectl_is_over(connection) ? 0 : server_find(connection);

	*how = UMOUNT_LAZY;
	if (server == 0)
		return 1;
	/* Abort the connection of a server that hangs, or its callers would wait for ever in a mount
	   that nobody finds any more. */
	*how = UMOUNT_ABORT;
	if (is_hung(connection))
		return 1;
	if (server > 0)
		msg("%s: not stale: process %d serves it", path, server);
	else
		msg("%s: not known to be stale; unmount it first (fumount -R)", path);
	return -EBUSY;
}
