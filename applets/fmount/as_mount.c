/* fmount as mount(8) is called: a type and a source, fstab, binds, propagation,
 * remounting, and the list of what is mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "fmount.h"
#include "cli/match.h"
#include "mount_args.h"
#include "msg.h"
#include "out.h"
#include "launch/remount.h"
#include "target/resolve.h"
#include "launch/mount_or_report.h"
#include "sys.h"
#include "mount/table.h"
#include "mount/umount.h"

/* The statuses of mount(8). */
enum { OK = 0, USAGE = 1, FAILED = 32, SOME = 64 };

/* mount(2)'s, beside those of optlist.h. */
enum { BIND = 0x1000, MOVE = 0x2000, RECURSIVE = 0x4000, UNBINDABLE = 1 << 17 };

static int list_one(const struct table_row *row, void *data)
{
	if (table_is_fuse(row))
		out_fmt(data, "%s on %s type %s (%s,%s)\n", row->source, row->mountpoint, row->type,
			row->options, row->super);
	return 0;
}

static int list(void)
{
	char text[4096];
	struct out out = OUT_FD(text, 1);
	int err;

	out.escape = true;
	err = table_each(NULL, list_one, &out);
	return err ? msg_errno(FAILED, "/proc/self/mountinfo", err) : msg_flush(&out) ? FAILED : OK;
}

static int mount_path(const char *source, const char *target, uint32_t flags)
{
	int err = sys_mount(source, target, NULL, flags, NULL);

	return err ? msg_errno(FAILED, target, err) : OK;
}

static int propagate(const struct fmount *f, const char *target)
{
	/* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; then the same with MS_REC. */
	static const uint32_t kinds[] = { 1 << 20, 1 << 19, 1 << 18, UNBINDABLE };
	int status = OK;

	for (int i = 0; i < 8 && status == OK; i++)
		if (f->propagation[i])
			status = mount_path("none", target, kinds[i % 4] | (i > 3 ? RECURSIVE : 0));
	return status;
}

static bool propagates(const struct fmount *f)
{
	for (int i = 0; i < 8; i++)
		if (f->propagation[i])
			return true;
	return false;
}

/* ---- --bind, --rbind, --move ---- */

static int put(struct fmount *f, const char *source, const char *target)
{
	int status;

	if (say_make_point(target, f->list) != 0)
		return FAILED;
	status = mount_path(source, target, f->move ? MOVE : f->rbind ? BIND | RECURSIVE : BIND);

	if (!status && *f->list && (status = remount(target, f->list, f->bind || f->rbind, false)))
		umount_path(target, UMOUNT_LAZY);
	return status ? status : propagate(f, target);
}

/* ---- A source and a mountpoint ---- */

static int serve(struct mountargs *args, char *options, char *more)
{
	const char *bad;

	if (say_make_point(args->mountpoint, options) != 0 || (more && say_make_point(args->mountpoint, more) != 0))
		return FAILED;
	args->alone = true;
	return mountargs_take(args, options, &bad) || mountargs_take(args, more, &bad) ? USAGE : mountargs_serve(args);
}

static int mount_source(struct fmount *f, char *source, const char *mountpoint)
{
	static struct mountargs args;

	args.source = *source ? source : NULL;
	args.mountpoint = mountpoint;
	args.type = f->type && strcmp(f->type, "fuse") != 0 ? mountargs_type(f->type) : NULL;
	if (!args.type && !strchr(source, '#'))
		return applet_usage("of which type? -t fuse.TYPE, or TYPE#SOURCE");
	return serve(&args, f->list, NULL);
}

/* ---- fstab(5) ---- */

/* what: the type without "fuse.", as far as there is more. */
struct entry { char *source, *type, *options; const char *mountpoint, *what; };

/* As the mount table has it: no link, no slash at the end. */
static const char *in_table(const char *path, struct resolved *at)
{
	if (resolve_path(path, at) < 0)
		return path;
	resolve_close(at);
	return at->path;
}

static char *next_field(char **line)
{
	char *field = *line + strspn(*line, " \t");

	*line = field + strcspn(field, " \t");
	if (**line)
		*(*line)++ = '\0';
	text_unescape(field);	/* a blank within it is \\040 */
	return field;
}

/* fuse, fuse.TYPE, fuse3.TYPE, and what is behind the dot; NULL: none of ours. */
static const char *fuse_type(const char *type)
{
	if (strncmp(type, "fuse", 4) != 0)
		return NULL;
	type += 4 + (type[4] == '3');
	return *type == '\0' ? type : *type == '.' ? type + 1 : NULL;
}

/* Calls fn for each entry of a FUSE type, in place, until it returns non-zero. */
static int each_entry(char *text, int (*fn)(struct entry *, void *), void *data)
{
	static struct resolved at;
	int result = 0;

	while (text && !result) {
		char *line = text, *end = strchr(text, '\n');
		struct entry e;

		if (end)
			*end++ = '\0';
		text = end;
		e.source = next_field(&line);
		e.mountpoint = next_field(&line);
		e.type = next_field(&line);
		e.options = next_field(&line);
		e.what = fuse_type(e.type);
		if (!*e.source || *e.source == '#' || !e.what)
			continue;
		e.mountpoint = in_table(e.mountpoint, &at);
		result = fn(&e, data);
	}
	return result;
}

struct all { struct fmount *f; const char *word, *wanted; int good, bad; bool found; };

static int is_mounted(const struct table_row *row, void *entry)
{
	return table_is_fuse(row) && strcmp(row->mountpoint, ((struct entry *)entry)->mountpoint) == 0;
}

static int mount_entry(struct fmount *f, struct entry *e)
{
	static struct mountargs args;
	int child = sys_fork(), status;

	if (child < 0)
		return msg_errno(FAILED, e->mountpoint, child);
	if (child == 0) {
		args.source = e->source;
		args.mountpoint = e->mountpoint;
		args.type = *e->what ? e->what : NULL;
		sys_exit(serve(&args, e->options, f->list));
	}
	sys_wait(child, &status);
	return status;
}

static int one_of_all(struct entry *e, void *data)
{
	struct all *all = data;
	struct fmount *f = all->f;
	bool nofail = text_in_list(e->options, "nofail");

	if (text_in_list(e->options, "noauto") || (f->type && !match_type(f->type, e->type))
	    || (f->option_filter && !match_options(f->option_filter, e->options))
	    || table_each(NULL, is_mounted, e) > 0)
		return 0;
	if (mount_entry(f, e) == 0)
		all->good++;
	else if (!nofail)
		all->bad++;
	return 0;
}

static int the_one(struct entry *e, void *data)
{
	struct all *all = data;

	if (strcmp(e->mountpoint, all->wanted) != 0 && strcmp(e->source, all->word) != 0)
		return 0;
	all->found = true;
	all->bad = mount_entry(all->f, e) != 0;
	return 1;
}

static int from_fstab(struct fmount *f, const char *wanted)
{
	static char text[64 * 1024];
	static struct resolved at;
	const char *path = f->fstab ? f->fstab : "/etc/fstab";
	ssize_t n = sys_read_file(path, text, sizeof(text));
	struct all all = { .f = f, .word = wanted, .wanted = wanted ? in_table(wanted, &at) : NULL };

	if (n < 0)
		return msg_errno(FAILED, path, (int)n);
	each_entry(text, wanted ? the_one : one_of_all, &all);
	if (wanted && !all.found) {
		msg("%s: no FUSE entry of %s has this mountpoint", wanted, path);
		return FAILED;
	}
	return !all.bad ? OK : all.good ? SOME : FAILED;
}

int fmount_like(struct fmount *f, char **operands)
{
	int count = 0;

	while (operands[count])
		count++;
	if (f->all)
		return count ? applet_usage("-a takes no mountpoint") : from_fstab(f, NULL);
	if (count > 2)
		return applet_usage("wanted: [SOURCE] MOUNTPOINT, or MOUNTPOINT -- PROGRAM ARGUMENTS");
	if (f->bind || f->rbind || f->move)
		return count != 2 || (f->move && *f->list) ? applet_usage("wanted: SOURCE MOUNTPOINT")
		       : put(f, operands[0], operands[1]);
	if (!count)
		return list();
	if (propagates(f))
		return propagate(f, operands[count - 1]);
	if (text_in_list(f->list, "remount"))
		return remount(operands[count - 1], f->list, f->bind || f->rbind, false);
	return count == 2 ? mount_source(f, operands[0], operands[1]) : from_fstab(f, operands[0]);
}
