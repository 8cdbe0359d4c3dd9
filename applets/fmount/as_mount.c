/* SPDX-License-Identifier: MIT */
/* fmount called like mount(8): by type and source, from fstab, remounts, and
 * the list of FUSE mounts.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "applet.h"
#include "bind.h"
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

const struct opt fmount_mount_options[] = {
	OPT('a', "all", OPT_FLAG, struct fmount, all, "", "mount the FUSE entries of fstab (-t TYPES)"),
	OPT('O', "test-opts", OPT_STRING, struct fmount, option_filter, "LIST", "with -a: only entries with these options"),
	OPT('T', "fstab", OPT_STRING, struct fmount, fstab, "FILE", "another fstab"),
	OPT('B', "bind", OPT_FLAG, struct fmount, bind, "", "mount the directory SOURCE at MOUNTPOINT as well"),
	OPT('R', "rbind", OPT_FLAG, struct fmount, rbind, "", "same as -B, with the mounts below it"),
	OPT('M', "move", OPT_FLAG, struct fmount, move, "", "move the mount at SOURCE to MOUNTPOINT"),
	OPT(0, "idmap", OPT_STRING, struct fmount, idmap, "MAP", "bind with ids mapped: FROM:TO:COUNT, or a user namespace's file"),
	OPT(0, "make-shared", OPT_FLAG, struct fmount, propagation[0], "", ""),
	OPT(0, "make-slave", OPT_FLAG, struct fmount, propagation[1], "", ""),
	OPT(0, "make-private", OPT_FLAG, struct fmount, propagation[2], "", "set propagation: --make-[r]{shared,slave,private,unbindable}"),
	OPT(0, "make-unbindable", OPT_FLAG, struct fmount, propagation[3], "", ""),
	OPT(0, "make-rshared", OPT_FLAG, struct fmount, propagation[4], "", ""),
	OPT(0, "make-rslave", OPT_FLAG, struct fmount, propagation[5], "", ""),
	OPT(0, "make-rprivate", OPT_FLAG, struct fmount, propagation[6], "", ""),
	OPT(0, "make-runbindable", OPT_FLAG, struct fmount, propagation[7], "", ""),
};

/* The exit statuses of mount(8). */
enum { OK = 0, USAGE = 1, FAILED = 32, SOME = 64 };

struct list { struct out out; int count; };

/* The mount's options, and those of the file system that it does not repeat. */
static void print_options(struct out *out, const struct table_row *row)
{
	out_str(out, row->options);
	for (const char *at = row->super; *at; at = text_next_word(at)) {
		size_t len = strcspn(at, ",");

		if (!text_has_word(row->options, at, len))
			out_fmt(out, ",%.*s", (int)len, at);
	}
}

static int print_row(const struct table_row *row, void *data)
{
	struct list *list = data;

	if (!table_is_fuse(row))
		return 0;
	list->count++;
	out_fmt(&list->out, "%s on %s type %s (", row->source, row->mountpoint, row->type);
	print_options(&list->out, row);
	out_str(&list->out, ")\n");
	return 0;
}

static int list_mounts(void)
{
	char text[4096];
	struct list list = { OUT_FD(text, 1), 0 };
	int err;

	list.out.escape = true;
	err = table_each(NULL, print_row, &list);
	if (!list.count)
		out_str(&list.out, "no FUSE file system is mounted\n");
	return err ? msg_errno(FAILED, "/proc/self/mountinfo", err) : msg_flush(&list.out) ? FAILED : OK;
}

static bool has_propagation(const struct fmount *f)
{
	for (int i = 0; i < 8; i++)
		if (f->propagation[i])
			return true;
	return false;
}

/* ---- A source and a mountpoint ---- */

static int serve(const struct fmount *f, struct mount_args *args, char *options, char *more)
{
	const char *bad, *at = args->mountpoint;
	int status;

	if (make_point_or_report(args->mountpoint, options, &args->held) != 0
	    || (args->held < 0 && more && make_point_or_report(args->mountpoint, more, &args->held) != 0))
		return FAILED;
	args->alone = true;
	if (mount_args_take(args, options, &bad) || mount_args_take(args, more, &bad))
		return USAGE;
	status = mount_args_serve(args);
	if (!status && f->verbose)
		msg("%s: mounted, type fuse.%s", at, args->type);
	return status;
}

static int mount_source(struct fmount *f, char *source, const char *mountpoint)
{
	static struct mount_args args;

	args.source = *source ? source : NULL;
	args.mountpoint = mountpoint;
	args.type = f->type && strcmp(f->type, "fuse") != 0 ? mount_args_type(f->type) : NULL;
	if (!args.type && !strchr(source, '#'))
		return applet_usage("no file system type; use -t fuse.TYPE, or TYPE#SOURCE");
	if (args.type && args.type == f->type && strncmp(args.type, "fuse", 4) != 0
	    && mount_kernel_has(args.type) > 0) {
		msg("%s: not a FUSE type; use mount(8)", args.type);
		return FAILED;
	}
	return serve(f, &args, f->list, NULL);
}

/* ---- fstab(5) ---- */

/* what: the type without "fuse.", or "". */
struct entry { char *source, *type, *options; const char *mountpoint, *what; };

/* The path as the mount table shows it: without symbolic links or a trailing slash. */
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
	text_unescape(field);	/* fstab writes a blank as \040 */
	return field;
}

/* The TYPE of fuse.TYPE or fuse3.TYPE, "" for fuse or fuse3; NULL: not FUSE. */
static const char *fuse_type(const char *type)
{
	if (strncmp(type, "fuse", 4) != 0)
		return NULL;
	type += 4 + (type[4] == '3');
	return *type == '\0' ? type : *type == '.' ? type + 1 : NULL;
}

/* Call fn for each FUSE entry until fn returns non-zero. Cuts `text` in place. */
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
	static struct mount_args args;
	int child = sys_fork(), status;

	if (child < 0)
		return msg_errno(FAILED, e->mountpoint, child);
	if (child == 0) {
		args.source = e->source;
		args.mountpoint = e->mountpoint;
		args.type = *e->what ? e->what : NULL;
		sys_exit(serve(f, &args, e->options, f->list));
	}
	sys_wait(child, &status);
	return status;
}

static int mount_matching(struct entry *e, void *data)
{
	struct all *all = data;
	struct fmount *f = all->f;
	bool nofail = text_in_list(e->options, "nofail");

	if (text_in_list(e->options, "noauto") || (f->type && !match_type(f->type, e->type))
	    || (f->option_filter && !match_options(f->option_filter, e->options, ""))
	    || table_each(NULL, is_mounted, e) > 0)
		return 0;
	if (mount_entry(f, e) == 0)
		all->good++;
	else if (!nofail)
		all->bad++;
	return 0;
}

static int mount_wanted(struct entry *e, void *data)
{
	struct all *all = data;

	if (strcmp(e->mountpoint, all->wanted) != 0 && strcmp(e->source, all->word) != 0)
		return 0;
	all->found = true;
	all->bad = mount_entry(all->f, e) != 0;
	return 1;
}

static int mount_fstab(struct fmount *f, const char *wanted)
{
	static char text[64 * 1024];
	static struct resolved at;
	const char *path = f->fstab ? f->fstab : "/etc/fstab";
	ssize_t n = sys_read_file(path, text, sizeof(text));
	struct all all = { .f = f, .word = wanted, .wanted = wanted ? in_table(wanted, &at) : NULL };

	if (n < 0)
		return msg_errno(FAILED, path, (int)n);
	each_entry(text, wanted ? mount_wanted : mount_matching, &all);
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
	if (count > 2)
		return applet_usage("wanted: [SOURCE] MOUNTPOINT, or MOUNTPOINT -- PROGRAM ARGUMENTS");
	if (f->bind || f->rbind || f->move || f->idmap)
		return count != 2 || f->all || (f->move && (*f->list || f->idmap)) || (f->rbind && f->idmap)
		       ? applet_usage("--bind, --rbind, --move and --idmap: wanted: SOURCE MOUNTPOINT")
		       : bind_or_move(f, operands[0], operands[1]);
	if (has_propagation(f))
		return !count || f->all ? applet_usage("--make-*: wanted: MOUNTPOINT")
		       : bind_set_propagation(f, operands[count - 1]);
	if (f->all)
		return count ? applet_usage("-a takes no mountpoint") : mount_fstab(f, NULL);
	if (!count)
		return list_mounts();
	if (text_in_list(f->list, "remount"))
		return remount(operands[count - 1], f->list, f->bind || f->rbind, false);
	return count == 2 ? mount_source(f, operands[0], operands[1]) : mount_fstab(f, operands[0]);
}
