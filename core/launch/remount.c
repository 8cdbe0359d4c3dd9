/* SPDX-License-Identifier: MIT */
/* remount: see remount.h. */
#include "launch/remount.h"

#include <fcntl.h>
#include <string.h>

#include "launch/mount_or_report.h"
#include "msg.h"
#include "optlist.h"
#include "proc/proc.h"
#include "sys.h"
#include "mount/table.h"

enum { OK = 0, USAGE = 1, FAILED = 32 };

/* Flags of mount(2) that optlist.h does not have. */
enum { REMOUNT = 0x20, BIND = 0x1000 };

/* `one` has the flags of one mount, `whole` the flags of the superblock, which all its mounts
   share. WHOLE are the superblock's flags. */
enum { WHOLE = MOUNT_RDONLY | MOUNT_SYNC | MOUNT_DIRSYNC | MOUNT_LAZYTIME };
struct remount { struct optlist one, whole; uint64_t id; bool bind; };

static void take_flags(struct optlist *options, const char *list)
{
	char text[4096];
	struct out out = OUT_TEXT(text);

	out_str(&out, list);
	out_text(&out);
	optlist_known(options, text);
}

/* Start from the current flags: a remount clears every flag that it does not set. */
static int take_current_flags(const struct table_row *row, void *data)
{
	struct remount *r = data;

	if (row->id != r->id)
		return 0;
	take_flags(&r->one, row->options);
	take_flags(&r->whole, row->super);
	return 1;
}

void remount_restrict(int mount, const char *list)
{
	struct optlist options = { .flags = 0 };

	take_flags(&options, list);
	sys_set_mount(mount, options.flags & (MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC), 0, 0, 0);
}

static bool parse_for_both(struct optlist *one, char *option, const char **why)
{
	struct remount *r = (struct remount *)one;
	bool bind = strcmp(option, "bind") == 0;

	(void)why;
	r->bind |= bind;
	take_flags(&r->whole, option);
	return bind || strcmp(option, "remount") == 0 || optlist_is_for_mount(option);
}

static int parse(struct remount *r, char *list, bool from_mount)
{
	const char *bad, *why = NULL;

	r->one.first = parse_for_both;
	if (from_mount)
		optlist_known(&r->one, list);
	else
		why = optlist_parse(&r->one, list, &bad);
	if (why)
		msg("%s: %s", bad, why == opt_unknown ? optlist_unknown(NULL, bad) : why);
	return why ? USAGE : OK;
}

int remount_open(int mount, const char *target, char *list, bool bind, bool from_mount)
{
	struct remount r = { .bind = bind };
	struct sys_stat st;
	uint32_t before, flags;
	char name[32];
	int err = sys_statx(mount, "", false, &st);

	if (err)
		return msg_errno(FAILED, target, err);
	r.id = st.mount_id;
	err = table_each(NULL, take_current_flags, &r);
	if (err < 0)
		return msg_errno(FAILED, "/proc/self/mountinfo", err);
	before = r.whole.flags;
	if (parse(&r, list, from_mount) != OK)
		return USAGE;
	r.bind |= !((before ^ r.whole.flags) & WHOLE);
	flags = REMOUNT | (r.bind ? BIND : 0) | r.one.flags;
	err = sys_mount(NULL, proc_mounted() ? sys_fd_path(name, mount) : target, NULL, flags, NULL);
	return err ? report_unmounted(FAILED, target, err) : OK;
}

int remount(const char *target, char *list, bool bind, bool from_mount)
{
	int status, mount = sys_open(target, O_PATH, 0);

	if (mount < 0)
		return msg_errno(FAILED, target, mount);
	status = remount_open(mount, target, list, bind, from_mount);
	sys_close(mount);
	return status;
}
