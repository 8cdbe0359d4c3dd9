/* SPDX-License-Identifier: MIT */
/* fumount -R: recover from FUSE mounts that a plain unmount does not remove.
 *
 * Try a plain unmount first. If the mount is busy, abort a connection whose server is shown to
 * hang, and detach a mount whose server is healthy. Do so for every layer of a stack and every
 * bind mount of the connection, in every mount namespace that this process can enter, and report
 * each step. A second run finds nothing to do.
 */
#include "recovery.h"

#include <errno.h>

#include "health/fusectl.h"
#include "mount/table.h"

const struct opt fumount_recover_options[] = {
	OPT('R', "recover", OPT_FLAG, struct fumount, recover, "", "clear a dead or hung mount, all its layers and binds"),
};

int fumount_recover_all(const struct fumount *f, const struct report *to, struct census *all)
{
	struct recovery r = { .f = f, .to = to, .census = *all, .others.identify = true };

	return f->dry_run ? recover_explain(&r) : recover_everywhere(&r);
}

/* Add a connection that is mounted nowhere but still exists, or may exist where fusectl is out of reach. */
static int add_detached(const char *word, struct census *census)
{
	uint64_t connection;

	if (target_connection(word, &connection) < 0)
		return 0;
	return fusectl_waiting(connection) == -ENOENT ? 0 : census_add(census, connection);
}

/* A connection that is mounted nowhere can only be aborted: do so if it hangs, or with -f. */
static int recover_detached(struct recovery *r, uint64_t connection)
{
	static struct target t;
	const struct conn *conn = recover_is_target(r, connection) ? recover_judge(r, connection) : NULL;

	if (!conn) {
		report(r->to, "gone", "connection %llu is gone", (unsigned long long)connection);
		return FUMOUNT_OK;
	}
	/* fusectl shows all connections, but those of other users are closed to this one. */
	if (conn->waiting == -EACCES && !conn->pid && sys_geteuid() != 0) {
		report(r->to, "refused", "connection %llu is another user's; run this as root", (unsigned long long)connection);
		return FUMOUNT_USAGE;
	}
	if (conn->waiting < 0 && !conn->pid) {
		report(r->to, "unknown", "whether connection %llu exists is not visible to this user; run this as root",
		       (unsigned long long)connection);
		return FUMOUNT_USAGE;
	}
	recover_report_state(r, conn);
	t.connection = connection;
	t.owner = -1;	/* Only the mount table tells: root kills no server. */
	recover_abort_if_hung(r, &t, true);
	return recover_everywhere(r);
}

/* --dry-run ends nothing: it tells the state as well. */
static bool is_refused(struct recovery *r, uint64_t connection)
{
	if (!fumount_refuse_outside(r->f, r->to, connection))
		return false;
	if (r->f->dry_run)
		recover_report_state(r, recover_judge(r, connection));
	return true;
}

int fumount_recover(const struct fumount *f, const struct report *to, const char *word)
{
	struct recovery r = { .f = f, .to = to, .census.identify = true, .others.identify = true };
	int err = fumount_collect(word, NULL, &r.census);
	size_t mounted = r.census.count;

	if (!err && !mounted)
		err = add_detached(word, &r.census);
	if (!r.census.count)
		return recover_report_no_mount(to, word, err);
	for (size_t i = 0; i < r.census.count; i++)
		if (is_refused(&r, r.census.conns[i].connection))
			return FUMOUNT_FAILED;
	if (f->dry_run)
		return recover_explain(&r);
	return mounted ? recover_everywhere(&r) : recover_detached(&r, r.census.conns[0].connection);
}
