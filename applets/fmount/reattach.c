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
#include "proc/read.h"
#include "proc/reader.h"
#include "reattach_clone.h"
#include "sys.h"
#include "sys/child.h"
#include "sys/vfs.h"
#include "target/target.h"

enum { LIMIT_MS = 5000, MAX_OLD = 16, MAX_MOUNTS = 10000 };

struct reattach {
	const char *mountpoint;
	struct table_row row;	/* the new mount */
	char text[20 * 1024];	/* its strings */
	int root, own;		/* its root directory; this process's mount namespace */
	uint64_t own_number;
	bool dry, in_own;	/* in_own: visit this process's namespace, else all others */
	uint64_t old[MAX_OLD];	/* the dead connections */
	int old_count;
	/* the namespace that is visited: its descriptor, and a process of it */
	int space, pid;
	int failed;		/* mounts that were not replaced, in all namespaces */
};

static bool is_old(const struct reattach *r, const struct table_row *row)
{
	for (int i = 0; i < r->old_count; i++)
		if (table_is_fuse(row) && table_connection(row) == r->old[i])
			return true;
	return false;
}

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
	else if (row->id == n->old->parent && is_old(n->r, row) && strcmp(row->mountpoint, n->old->mountpoint) != 0)
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

	if (!is_old(n->r, row) || n->skip-- > 0)
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

/* Opens a process's mount namespace; -ESTALE if it is not the one with this number any more. */
static int open_namespace(int pid, uint64_t number)
{
	char dir[12];
	struct sys_stat st;
	int fd = reader_open(read_name(pid, dir), "ns/mnt");
	int err = fd < 0 ? fd : sys_statx(fd, "", true, &st);
	if (!err && st.inode != number)
		err = -ESTALE;
	if (err && fd >= 0)
		sys_close(fd);
	return err ? err : fd;
}

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
	r->space = open_namespace(pid, number);
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

/* ---- The mounts to replace ---- */

static int add_old(struct reattach *r, uint64_t connection)
{
	for (int i = 0; i < r->old_count; i++)
		if (r->old[i] == connection)
			return 0;
	if (r->old_count < MAX_OLD)
		r->old[r->old_count++] = connection;
	return 0;
}

/* A dead mount of the same type, source and owner. */
static int add_if_like(const struct table_row *row, void *data)
{
	struct reattach *r = data;

	if (!table_is_fuse(row) || table_connection(row) == table_connection(&r->row)
	    || strcmp(row->type, r->row.type) != 0 || strcmp(row->source, r->row.source) != 0
	    || table_owner(row) != table_owner(&r->row) || !fusectl_is_over(table_connection(row)))
		return 0;
	return add_old(r, table_connection(row));
}

/* Whether the mount namespace belongs to this process's user namespace. In one of their own, users
   mount file systems of any type, source and owner. */
static bool is_trusted(int space)
{
	enum { GET_USER_NAMESPACE = 0xb701 };	/* NS_GET_USERNS */
	int user = vfs_ioctl(space, GET_USER_NAMESPACE, NULL);
	struct sys_stat owner, own;
	bool same = user >= 0 && sys_statx(user, "", true, &owner) == 0
		    && sys_statx(AT_FDCWD, "/proc/self/ns/user", true, &own) == 0 && owner.inode == own.inode;

	if (user >= 0)
		sys_close(user);
	return same;
}

static int look_for_old(uint64_t number, int pid, void *data)
{
	char text[12];
	int space = open_namespace(pid, number);

	if (space >= 0 && is_trusted(space))
		table_each(read_name(pid, text), add_if_like, data);
	if (space >= 0)
		sys_close(space);
	return 0;
}

static int find_named(struct reattach *r, const char *word)
{
	static struct target t;
	uint64_t connection;

	if (target_connection(word, &connection) != 0) {
		enum target_result result = target_find(word, &t);

		if (result != TARGET_FOUND || !t.fuse) {
			msg("%s: %s", word, result != TARGET_FOUND ? target_why(&t, result) : "not a FUSE mount");
			return 1;
		}
		connection = t.connection;
		target_close(&t);
	}
	if (fusectl_waiting(connection) < 0 || !fusectl_is_over(connection)) {
		msg("%s: not known to be dead; abort it first (fumount --abort), or unmount it", word);
		return 1;
	}
	return add_old(r, connection);
}

/* fmount names a source that is not given after the program, which may serve other data elsewhere. */
static bool is_named_after_program(const struct table_row *row)
{
	const char *dot = strchr(row->type, '.');

	return strcmp(row->source, dot ? dot + 1 : row->type) == 0;
}

static int find_old(struct reattach *r, const char *word)
{
	bool hidden = false;

	if (*word)
		return find_named(r, word);
	if (is_named_after_program(&r->row)) {
		msg("%s: its source tells only its program, %s; name the old mount as --reattach=conn:N, or mount with -s",
		    r->mountpoint, r->row.source);
		return 1;
	}
	proc_each_namespace(look_for_old, r, &hidden);
	if (!r->old_count)
		msg("%s: no dead mount has this type, source and owner; name one as --reattach=conn:N", r->mountpoint);
	return 0;
}

/* Opens the new mount: its root, which is the root of its file system, and whose server has not gone. */
static int open_new(struct reattach *r, const char *path)
{
	struct table_row row;
	struct sys_stat st;

	r->mountpoint = path;
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
	if (find_old(&r, f->reattach) != 0)
		return 1;
	return r.old_count ? visit_all(&r) : 0;
}
