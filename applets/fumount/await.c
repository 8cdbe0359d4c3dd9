/* SPDX-License-Identifier: MIT */
/* await: an unmount that waits for the server of its own mount. */
#include <errno.h>

#include "fumount.h"
#include "health/fusectl.h"
#include "target/unmount.h"

/* On fuseblk umount2(2) waits for the answer to DESTROY, and the
   mount has left the mount table: no retry can help then, so abort the connection if the
   server hangs. */
int fumount_await(const struct report *to, const struct target *t)
{
	enum { LOOKS = 30, LOOK_MS = 1000 };
	struct census census = { .count = 0 };
	bool blocks = false;
	int err = -ETIMEDOUT;

	if (!t->fuse || census_add(&census, t->connection) < 0)
		return err;
	for (int i = 0; err == -ETIMEDOUT && !blocks && i < LOOKS; i++) {
		census_look(&census, LOOK_MS);
		blocks = census_blocks(census.conns);
		err = unmount_wait(0);
	}
	if (err != -ETIMEDOUT)
		return err;
	if (t->major && blocks && !fumount_is_outside(t->connection) && fusectl_abort_known(t->connection, t->identity) == 0) {
		report(to, "aborted", "its server does not answer: connection %llu is aborted",
		       (unsigned long long)t->connection);
		return unmount_wait(UNMOUNT_LIMIT_MS);
	}
	report(to, "waiting", "the kernel waits for the server, which does not answer; "
	       "fumount --abort conn:%llu ends that", (unsigned long long)t->connection);
	return err;
}
