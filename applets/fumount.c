/* fumount: unmount FUSE file systems, and say who holds them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "mount.h"
#include "msg.h"
#include "proc.h"
#include "resolve.h"
#include "say.h"
#include "sys.h"
#include "table.h"
#include "umount.h"

/* The statuses of umount(8). */
enum { OK = 0, USAGE = 1, FAILED = 32, SOME = 64 };

struct args { bool lazy, force, quiet, any, ignored; };

static const struct opt options[] = {
	OPT('l', "lazy", OPT_FLAG, struct args, lazy, NULL, "detach now; those who hold it go on"),
	OPT('f', "force", OPT_FLAG, struct args, force, NULL, "abort the connection: waiting requests fail"),
	OPT('i', NULL, OPT_FLAG, struct args, any, NULL, "also what is no FUSE mount"),
	OPT('q', "quiet", OPT_FLAG, struct args, quiet, NULL, "say nothing; the status tells"),
	OPT('z', NULL, OPT_FLAG, struct args, lazy, NULL, "as -l, for who is used to fusermount"),
	OPT('u', NULL, OPT_FLAG, struct args, ignored, NULL, NULL),
	OPT_END
};

/* The topmost mount at a path. */
struct target {
	struct resolved at;
	uint64_t id;		/* 0: by its path */
	uint32_t major, minor;
	bool fuse;
};

static int is_target(const struct table_row *row, void *data)
{
	struct target *t = data;

	if (t->id ? row->id != t->id : strcmp(row->mountpoint, t->at.path) != 0)
		return 0;
	t->fuse = table_is_fuse(row);
	t->major = row->major;
	t->minor = row->minor;
	/* What is not FUSE is refused, whether it is the root of its mount or not. */
	if (t->fuse && strcmp(row->mountpoint, t->at.path) != 0)
		return 2;
	return t->id ? 1 : 0;	/* of several at one path the last is on top */
}

/* By descriptor and mount id, so that nothing on the mount is asked. */
static int find(const char *path, struct target *t)
{
	struct sys_stat st;
	int err = resolve_path(path, &t->at);

	if (err)
		return err;
	err = sys_statx(t->at.fd, "", false, &st);
	sys_close(t->at.fd);
	if (err)
		return err;
	t->id = t->at.below ? 0 : st.mount_id;
	t->fuse = false;
	t->major = t->minor = 0;
	err = table_each(NULL, is_target, t);
	return err < 0 ? err : err == 2 || (t->at.below && !t->fuse) ? -EINVAL : 0;
}

/* conn:N, mnt-id:N, or a source: the FUSE mount that has it. */
struct name { const char *source; uint64_t connection, id; struct target *target; int found; };

static int is_named(const struct table_row *row, void *data)
{
	struct name *n = data;
	struct out path = OUT_TEXT(n->target->at.path);

	if (!table_is_fuse(row)
	    || (n->source ? strcmp(row->source, n->source) != 0
			  : n->id ? row->id != n->id : table_connection(row) != n->connection))
		return 0;
	n->found++;
	n->target->id = row->id;
	n->target->fuse = true;
	n->target->major = row->major;
	n->target->minor = row->minor;
	out_str(&path, row->mountpoint);
	out_text(&path);
	return 0;
}

static int find_named(const char *word, struct target *t)
{
	struct name name = { .target = t };
	struct sys_stat top;
	int err;

	t->fuse = false;
	if (strncmp(word, "conn:", 5) == 0)
		err = opt_number(word + 5, UINT64_MAX, &name.connection);
	else if (strncmp(word, "mnt-id:", 7) == 0)
		err = opt_number(word + 7, UINT64_MAX, &name.id);
	else
		name.source = word, err = 0;
	if (!err)
		err = table_each(NULL, is_named, &name);
	if (err || name.found != 1)
		return err ? err : name.found ? -ENOTUNIQ : -ENOENT;
	/* What is on top there is what would be unmounted. */
	err = sys_stat_path(t->at.path, O_NOFOLLOW, false, &top);
	return err ? err : top.mount_id == t->id ? 0 : -EBUSY;
}

static bool is_name(const char *word)
{
	return strncmp(word, "conn:", 5) == 0 || strncmp(word, "mnt-id:", 7) == 0;
}

static int unmount(const struct args *args, const char *path, const struct target *t)
{
	enum umount_how how = args->force ? UMOUNT_ABORT : args->lazy ? UMOUNT_LAZY : UMOUNT_PLAIN;
	int err = umount_path(t->at.path, how);

	if (err == -EPERM && sys_geteuid() != 0)
		err = commfd_unmount(t->at.path, how != UMOUNT_PLAIN);
	if (err == -EBUSY && !args->quiet) {
		msg("%s: busy; fumount -l detaches it", path);
		say_holders(path, t->major, t->minor, 0);
	} else if (err && !args->quiet) {
		msg_errno(FAILED, path, err);
	}
	return err ? FAILED : OK;
}

static const char *why_not(const struct args *args, int err, const struct target *t)
{
	switch (err) {
	case 0:         return t->fuse || args->any ? NULL : "not a FUSE mount";
	case -EINVAL:   return "nothing is mounted there";
	case -EBUSY:    return "covered by another mount; unmount that first";
	case -ENOTUNIQ: return "several mounts have this; name one by its mountpoint";
	default:        return msg_reason(err);
	}
}

static int one(const struct args *args, char *path)
{
	static struct target t;
	int err = is_name(path) ? find_named(path, &t) : find(path, &t);
	size_t len = strlen(path);
	const char *why;

	/* Without /proc there is no table: the path, as it is given. */
	if (err == -ENOENT && len < sizeof(t.at.path) && !proc_mounted()) {
		memcpy(t.at.path, path, len + 1);
		t.fuse = true;
		err = 0;
	} else if (err == -ENOENT && !is_name(path)) {
		err = find_named(path, &t);
	}
	why = why_not(args, err, &t);
	if (why && !args->quiet)
		msg("%s: %s", path, why);
	return why ? FAILED : unmount(args, path, &t);
}

static int fumount_main(char **argv)
{
	struct args args = { .lazy = false };
	struct opt_rest rest;
	int good = 0, bad = 0;

	if (!applet_parse(options, &args, argv, &rest))
		return USAGE;
	if (!rest.operands[0])
		return applet_usage("no mountpoint is given");
	for (char **path = rest.operands; *path; path++)
		one(&args, *path) == OK ? good++ : bad++;
	return !bad ? OK : good ? SOME : FAILED;
}

APPLET(fumount, "fumount", "usr/bin", "TARGET...", "unmount, and say who holds the mount", options)

/* How umount(8) calls a helper: what it may leave out is taken and left out. */
struct helper_args { struct args how; bool ignored; const char *type, *namespace; };

static const struct opt helper_options[] = {
	OPT('f', NULL, OPT_FLAG, struct helper_args, how.force, NULL, "abort the connection"),
	OPT('l', NULL, OPT_FLAG, struct helper_args, how.lazy, NULL, "detach now"),
	OPT('n', NULL, OPT_FLAG, struct helper_args, ignored, NULL, NULL),
	OPT('r', NULL, OPT_FLAG, struct helper_args, ignored, NULL, NULL),
	OPT('v', NULL, OPT_FLAG, struct helper_args, ignored, NULL, NULL),
	OPT('t', NULL, OPT_STRING, struct helper_args, type, "TYPE", "ignored: any FUSE type will do"),
	OPT('N', NULL, OPT_STRING, struct helper_args, namespace, "NS", "the mount namespace, a path or a process"),
	OPT_END
};

static int enter_namespace(const char *namespace)
{
	char path[32];
	struct out out = OUT_TEXT(path);
	uint64_t pid;
	int fd, err;

	if (opt_number(namespace, INT32_MAX, &pid) == 0) {
		out_fmt(&out, "/proc/%s/ns/mnt", namespace);
		namespace = out_text(&out);
	}
	fd = sys_open(namespace, O_RDONLY, 0);
	err = fd < 0 ? fd : sys_enter_mount_namespace(fd);
	return err ? msg_errno(FAILED, namespace, err) : OK;
}

static int umount_fuse_main(char **argv)
{
	struct helper_args args = { .ignored = false };
	struct opt_rest rest;

	if (!applet_parse(helper_options, &args, argv, &rest))
		return USAGE;
	if (!rest.operands[0] || rest.operands[1])
		return applet_usage("wanted: one mountpoint");
	if (args.namespace && enter_namespace(args.namespace) != OK)
		return FAILED;
	return one(&args.how, rest.operands[0]);
}

APPLET(umount_fuse, "umount.fuse", "sbin", "MOUNTPOINT", "unmount, as umount(8) calls it",
       helper_options)
