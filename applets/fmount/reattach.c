/* SPDX-License-Identifier: MIT */
/* reattach: give a FUSE mount the places of a dead one, in all mount namespaces.
 *
 * Each namespace is entered by a child of its own, since its owner may have put a file system on the way
 * that never answers. A mount is known by its id and device, on a descriptor; the path only leads
 * there. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "fmount.h"
#include "health/fusectl.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "msg.h"
#include "out.h"
#include "proc/proc.h"
#include "reattach_clone.h"
#include "reattach_old.h"
#include "sys.h"
#include "sys/child.h"
#include "target/target.h"

const struct opt fmount_reattach_options[] = {
	OPT(0, "reattach", OPT_MAYBE, struct fmount, reattach, "OLD", "put what is at MOUNTPOINT wherever a dead mount still is"),
	OPT(0, "dry-run", OPT_FLAG, struct fmount, dry_run, "", "with --reattach: only tell where that is"),
};

enum { LIMIT_MS = 5000, MAX_MOUNTS = 10000 };

struct reattach {
	struct table_row row;	/* the new mount */
	char text[20 * 1024];	/* its strings */
	int root, own;		/* its root directory; this process's mount namespace */
	uint64_t own_number;
	bool dry, in_own;	/* in_own: visit this process's namespace, else all others */
	struct reattach_old old;
	/* the namespace that is visited: its descriptor, and a process of it */
	int space, pid;
	int failed;		/* mounts that were not replaced, in all namespaces */
};

/* ---- In a namespace ---- */

/* Attaches the clone in place of the mount that `old` is open on. Returns 0; 1 if the old mount stays
   beneath the new one, since it cannot be removed (locked, or Linux before 6.5); or -errno. */
static int attach(int clone, int old)
{
	int err = sys_move_mount_beneath(clone, old);

	if (!err)
		return umount_fd(old, UMOUNT_LAZY);
	if (err != -EINVAL)
		return err;
	err = sys_move_mount(clone, old);
	return err ? err : 1;
}

static int clone_outside(const struct reattach *r, const struct table_row *old)
{
	int err = sys_enter_mount_namespace(r->own), clone;

	if (err)
		return err;
	clone = reattach_clone(r->root, old);
	err = sys_enter_mount_namespace(r->space);
	if (err && clone >= 0)
		sys_close(clone);
	return err ? err : clone;
}

struct nested { const struct reattach *r; const struct table_row *old; int err; };

static int check_nested(const struct table_row *row, void *data)
{
	struct nested *n = data;

	if (row->parent == n->old->id && strcmp(row->mountpoint, n->old->mountpoint) != 0)
		n->err = -ENOTEMPTY;
	else if (row->id == n->old->parent && reattach_identity(&n->r->old, row) && strcmp(row->mountpoint, n->old->mountpoint) != 0)
		n->err = -ENOTCONN;
	return n->err != 0;
}

/* 0 if replacing the old mount by a clone loses no other mount and no idmapping; -EXDEV: the old mount is idmapped;
   -ENOTEMPTY: another mount is below it; -ENOTCONN: it is below a dead mount, where a lookup of its mountpoint would
   have the kernel detach it. Reads the mount table alone. */
static int check_old(const struct reattach *r, const struct table_row *old)
{
	struct nested n = { r, old, text_in_list(old->options, "idmapped") ? -EXDEV : 0 };

	if (!n.err)
		table_each(NULL, check_nested, &n);
	return n.err;
}

/* Returns 0 or 1 as attach() does, or -errno; -ESTALE: another mount is there now, or covers the old one. */
static int replace(const struct reattach *r, const struct table_row *old)
{
	static struct target t;
	struct out path = OUT_TEXT(t.at.path);
	int clone, err;

	if (strlen(old->mountpoint) >= sizeof(t.at.path))
		return -ENAMETOOLONG;
	out_str(&path, old->mountpoint);
	out_text(&path);
	t.id = old->id;
	t.major = old->major;
	t.minor = old->minor;
	err = check_old(r, old);
	if (!err)
		err = target_reach(&t);
	/* t.at.fd keeps the mount, and with it the number of its connection. */
	if (!err && fusectl_identity(table_connection(old)) != reattach_identity(&r->old, old))
		err = -ESTALE;
	if (!err && !r->dry) {
		clone = clone_outside(r, old);
		err = clone < 0 ? clone : attach(clone, t.at.fd);
		if (clone >= 0)
			sys_close(clone);
	}
	target_close(&t);
	return err;
}

static const char *reason(const struct table_row *old, int err)
{
	return err == -ESTALE ? "another mount is there or covers it"
	       : err == -ENOENT && old->root[1] ? "the new mount does not have this part of the old one"
	       : err == -ENOTEMPTY ? "other mounts are below it, and would be lost"
	       : err == -ENOTCONN ? "it is mounted in a dead mount"
	       : err == -EXDEV ? "it is idmapped; unmount it, and use --idmap again"
	       : msg_reason(err);
}

static void report(const struct reattach *r, const struct table_row *old, int result)
{
	char text[16 * 1024], command[16];
	struct out out = OUT_FD(text, 1);

	proc_command(r->pid, command);
	if (result < 0) {
		msg("%s, in the mount namespace of %d (%s): not replaced: %s", old->mountpoint, r->pid, command,
		    reason(old, result));
		return;
	}
	out.escape = true;
	out_fmt(&out, "%s, in the mount namespace of %d (%s): %s\n", old->mountpoint, r->pid, command,
		r->dry ? "would be replaced" : result ? "covered; the old mount cannot be removed" : "replaced");
	out_flush(&out);
}

struct nth { const struct reattach *r; int skip; struct table_row row; char text[20 * 1024]; };

static int take_nth(const struct table_row *row, void *data)
{
	struct nth *n = data;

	if (!reattach_identity(&n->r->old, row) || n->skip-- > 0)
		return 0;
	table_copy(&n->row, row, n->text, sizeof(n->text));
	return 1;
}

/* replace() removes a mount from the table, so search from the start again, and skip the mounts that it
   left. Returns how many it could not replace, or -errno. */
static int work(void *data)
{
	struct reattach *r = data;
	static struct nth n;
	int stay = 0, failed = 0, err = sys_enter_mount_namespace(r->space);

	for (int tries = 0; !err && tries < MAX_MOUNTS; tries++) {
		int result;

		n.r = r;
		n.skip = stay;
		if (table_each(NULL, take_nth, &n) <= 0)
			break;
		result = replace(r, &n.row);
		report(r, &n.row, result);
		failed += result < 0;
		stay += result != 0 || r->dry;
	}
	return err ? err : failed;
}

/* ---- All namespaces ---- */

/* Run work() in a child, and kill the child after a time limit. The child is left behind if it waits in the
   kernel for a file system of the namespace, where SIGKILL may not end it. */
static void work_aside(struct reattach *r)
{
	char command[16];
	int result = child_run(work, r, LIMIT_MS);

	r->failed += result < 0 ? 1 : result;
	if (result >= 0)
		return;
	proc_command(r->pid, command);
	msg("the mount namespace of %d (%s): %s", r->pid, command,
	    result == -ETIMEDOUT ? "a file system there does not answer; left as it is" : msg_reason(result));
}

static int visit(uint64_t number, int pid, void *data)
{
	struct reattach *r = data;

	if ((number == r->own_number) != r->in_own)
		return 0;
	r->space = reattach_open_namespace(pid, number);
	r->pid = pid;
	if (r->space < 0)
		return 0;	/* it has ended */
	work_aside(r);
	sys_close(r->space);
	return 0;
}

/* Visit this namespace last: a mount attached here propagates to slave namespaces, where it would lack
   the restrictions of the mount that it replaces. */
static int visit_all(struct reattach *r)
{
	bool ending = false;	/* a process that is ending has no namespace */
	int err = proc_each_namespace(visit, r, &ending);

	r->in_own = true;
	if (!err)
		err = proc_each_namespace(visit, r, &ending);
	if (err)
		return msg_errno(1, "/proc", err);
	if (!proc_is_outermost() || proc_hides())
		msg("only the mount namespaces of processes that /proc shows were looked at");
	return r->failed != 0;
}

/* Opens the new mount: its root, which is the root of its file system, and whose server has not gone. */
static int open_new(struct reattach *r, const char *path)
{
	struct table_row row;
	struct sys_stat st;

	r->root = sys_open(path, O_PATH | O_DIRECTORY, 0);
	if (r->root < 0)
		return msg_errno(1, path, r->root);
	if (table_of_fd(r->root, &row, true) < 0 || !table_is_fuse(&row) || sys_statx(r->root, "", false, &st) < 0
	    || st.inside || strcmp(row.root, "/") != 0) {
		msg("%s: not the root of a FUSE mount; mount the new server there first", path);
		return 1;
	}
	table_copy(&r->row, &row, r->text, sizeof(r->text));
	if (fusectl_is_over(table_connection(&row))) {
		msg("%s: its server is gone; mount it anew first (--replace-stale)", path);
		return 1;
	}
	return 0;
}

int fmount_reattach(const struct fmount *f, const char *mountpoint)
{
	static struct reattach r;

	r.dry = f->dry_run;
	if (sys_geteuid() != 0)
		return msg_refuse("--reattach: only root may enter other mount namespaces");
	if (open_new(&r, mountpoint) != 0)
		return 1;
	sys_keep_places();
	fusectl_keep();
	r.own = sys_open("/proc/self/ns/mnt", O_RDONLY, 0);
	r.own_number = proc_namespace();
	if (r.own < 0)
		return msg_errno(1, "/proc/self/ns/mnt", r.own);
	r.old.mount = &r.row;
	if (reattach_find_old(&r.old, f->reattach, mountpoint) != 0)
		return 1;
	return r.old.count ? visit_all(&r) : 0;
}
