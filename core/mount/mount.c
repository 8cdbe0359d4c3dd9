/* SPDX-License-Identifier: MIT */
/* mount: /dev/fuse and mount(2), or the calls that replace it. See mount.h. */
#define _GNU_SOURCE
#include "mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "msg.h"
#include "mount/statmount.h"
#include "mount/table.h"
#include "mount/turn.h"
#include "mount/umount.h"
#include "sys/priv.h"

/* With fsopen(2) and its family, the mount exists before move_mount(2) attaches it to the pinned
   directory, and the kernel logs its errors in the file system context. */
struct context { int fs, err; };

static void set_config(struct context *c, enum fsconfig_op op, const char *key, const char *value)
{
	if (!c->err)
		c->err = sys_fsconfig(c->fs, op, key, value);
}

static void set_config_number(struct context *c, const char *key, uint32_t number)
{
	char text[16];

	text_fmt(text, sizeof(text), "%u", number);
	set_config(c, FSCONFIG_STRING, key, text);
}

static void set_options(struct context *c, const struct mountpoint *at,
			const struct optlist *o, int device)
{
	set_config(c, FSCONFIG_STRING, "source", o->fsname);
	if (o->subtype)
		set_config(c, FSCONFIG_STRING, "subtype", o->subtype);
	set_config_number(c, "fd", (uint32_t)device);
	set_config(c, FSCONFIG_STRING, "rootmode", S_ISDIR(at->mode) ? "40000" : "100000");
	set_config_number(c, "user_id", at->uid);
	set_config_number(c, "group_id", at->gid);
	if (o->default_permissions)
		set_config(c, FSCONFIG_FLAG, "default_permissions", NULL);
	if (o->allow_other)
		set_config(c, FSCONFIG_FLAG, "allow_other", NULL);
	if (o->max_read)
		set_config_number(c, "max_read", o->max_read);
	if (o->blksize)
		set_config_number(c, "blksize", o->blksize);
	if (o->flags & MOUNT_RDONLY)
		set_config(c, FSCONFIG_FLAG, "ro", NULL);
	if (o->flags & MOUNT_SYNC)
		set_config(c, FSCONFIG_FLAG, "sync", NULL);
	if (o->flags & MOUNT_DIRSYNC)
		set_config(c, FSCONFIG_FLAG, "dirsync", NULL);
	if (o->flags & MOUNT_LAZYTIME)
		set_config(c, FSCONFIG_FLAG, "lazytime", NULL);
	set_config(c, FSCONFIG_CREATE, NULL, NULL);
}

static unsigned int mount_attributes(uint32_t flags)
{
	enum { SAME = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC };

	_Static_assert(SAME == (MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC), "mount(2) and fsmount(2)");
	return (flags & SAME) | (flags & MOUNT_NOATIME ? ATTR_NOATIME : 0)
	       | (flags & MOUNT_STRICTATIME ? ATTR_STRICTATIME : 0) | (flags & MOUNT_NODIRATIME ? ATTR_NODIRATIME : 0)
	       | (flags & MOUNT_NOSYMFOLLOW ? ATTR_NOSYMFOLLOW : 0);
}

/* Reads the context's first log line, such as "e fuse: Bad value for 'fd'". */
static void read_fs_log(int fs, struct mount_log *said)
{
	ssize_t n = sys_read(fs, said->text, sizeof(said->text) - 1);

	said->text[n > 0 ? n : 0] = '\0';
	said->text[strcspn(said->text, "\n")] = '\0';
}

static const char *base_type(const struct optlist *o)
{
	return o->blkdev ? "fuseblk" : "fuse";
}

int mount_create(const struct mountpoint *at, const struct optlist *o, int device,
		 struct mount_log *said)
{
	struct context c = { .fs = sys_fsopen(base_type(o)) };
	int mount;

	said->text[0] = '\0';
	if (c.fs < 0)
		return c.fs;
	set_options(&c, at, o, device);
	mount = c.err ? c.err : sys_fsmount(c.fs, mount_attributes(o->flags));
	if (mount < 0)
		read_fs_log(c.fs, said);
	sys_close(c.fs);
	return mount;
}

struct cover { const struct mountpoint *at; struct sys_stat under, *found; const char *path; };

/* Matches a FUSE mount of this user on the pinned directory. If there are several, taking another
   one affects this user alone. */
static int is_cover(const struct table_row *row, void *data)
{
	const struct cover *c = data;

	if (row->parent != c->under.mount_id || !table_is_fuse(row) || table_owner(row) != c->at->uid
	    || strcmp(row->mountpoint, c->path) != 0)
		return 0;
	if (c->found)
		*c->found = (struct sys_stat) {
			.mount_id = row->id, .dev_major = row->major, .dev_minor = row->minor,
		};
	return 1;
}

/* Whether the mount table has a FUSE mount of at->uid on at->under; stores it in *found. Returns
   1, 0 or -errno. */
static int is_covered(const struct mountpoint *at, struct sys_stat *found)
{
	char path[4096];
	struct cover c = { .at = at, .found = found, .path = path };
	int err = mount_path_of(at->under, path, sizeof(path));

	if (!err)
		err = sys_statx(at->under, "", false, &c.under);
	return err ? err : table_each(NULL, is_cover, &c);
}

/* Detach a mount that cannot be identified, since it could not be unmounted later. -EAGAIN from
   turn_try() is no conflict: no process knows the new mount yet, so the holder of the turn was
   stopped while unmounting an older mount with this number. */
int mount_place(struct mountpoint *at, int mount)
{
	int err = sys_statx(mount, "", false, &at->mounted);

	if (!err && at->turn)
		err = turn_try(at->turn, &at->mounted);
	if (!err || err == -EAGAIN)
		err = sys_move_mount(mount, at->under);
	if (!err) {
		err = table_identify(mount, &at->mounted);
		if (err)
			umount_fd(mount, UMOUNT_LAZY);
	}
	if (err)
		sys_close(mount);
	else
		at->top = mount;
	return err;
}

int mount_undo(const struct mountpoint *at)
{
	if (at->turn)	/* mount_place() may have failed to take the turn. */
		turn_take(at->turn, &at->mounted);
	if (at->top >= 0)
		return umount_fd(at->top, UMOUNT_LAZY);
	/* A lookup through the covered directory's descriptor reaches the mount that covers it. */
	return is_covered(at, NULL) > 0 ? umount_fd(at->under, UMOUNT_LAZY) : -ESTALE;
}

void mount_release(struct mountpoint *at)
{
	if (at->top >= 0)
		sys_close(at->top);
	if (at->turn)
		sys_close(at->turn);
	at->top = -1;
	at->turn = 0;
}

/* Identifies the mount that is at the path now. */
static void identify(struct mountpoint *at)
{
	int fd = sys_open(at->path, O_PATH | O_NOFOLLOW, 0);

	if (fd < 0)
		return;
	table_identify(fd, &at->mounted);
	sys_close(fd);
}

/* Without /proc/self/fd there is no path of a descriptor: change to the directory and mount on
   ".". */
static int mount_inside(int dir, const char *source, const char *type, uint32_t flags,
			const char *data)
{
	int before, err = sys_enter_directory(dir, &before);

	if (!err)
		err = sys_mount(source, ".", type, flags, data);
	sys_leave_directory(before);
	return err;
}

/* mount(2) returns no descriptor of the new mount, and another user may change its path. Find it in
   the mount table by the pinned directory. */
static int find_new(struct mountpoint *at)
{
	int found = is_covered(at, &at->mounted);

	if (found > 0 && at->turn)
		turn_try(at->turn, &at->mounted);
	if (found > 0)
		return statmount_complete(&at->mounted);
	if (found < 0 && at->uid == sys_geteuid()) {	/* The mount table is not readable. */
		identify(at);
		return 0;
	}
	/* The open descriptor keeps the mount below busy, so a plain unmount can remove only a mount
	   that covers it. */
	umount_fd(at->under, UMOUNT_PLAIN);
	return -ESTALE;
}

/* mount(2): for kernels before 5.2 and sandboxes that forbid the new calls. */
static int mount_old(struct mountpoint *at, const struct optlist *o, int device)
{
	char type[4096], data[256], name[32];
	struct out t = OUT_TEXT(type), d = OUT_TEXT(data);
	int err;

	out_fmt(&t, "%s%s%s", base_type(o), o->subtype ? "." : "", o->subtype ? o->subtype : "");
	out_text(&t);
	out_fmt(&d, "fd=%d,rootmode=%o,user_id=%u,group_id=%u", device, at->mode & S_IFMT,
		at->uid, at->gid);
	optlist_fuse(o, &d);
	out_text(&d);
	err = sys_mount(o->fsname, sys_fd_path(name, at->under), type, o->flags, data);
	/* ENOENT may also mean that the mountpoint was removed. Its server could then stop fchdir(2). */
	if (err == -ENOENT && sys_readlink(name, data, sizeof(data)) == -ENOENT)
		err = mount_inside(at->under, o->fsname, type, o->flags, data);
	return err ? err : find_new(at);
}

/* The longest string that fsconfig(2) takes; mount(2) takes a page. */
enum { CONFIG_STRING = 255 };

int mount_attach(struct mountpoint *at, const struct optlist *o, int device,
		 struct mount_log *said)
{
	int err = mount_create(at, o, device, said);

	at->top = -1;
	if (err >= 0)
		err = mount_place(at, err);
	if (err == -ENOSYS || err == -EPERM
	    || (err == -EINVAL && strlen(o->fsname) > CONFIG_STRING))
		err = mount_old(at, o, device);
	return err;
}

static int explain(struct out *why, const char *object, int err, const char *advice)
{
	out_fmt(why, "%s: %s%s%s", object, msg_reason(err), advice ? "; " : "", advice ? advice : "");
	return err;
}

static const char *mount_advice(int err, const struct mount_log *said)
{
	switch (err) {
	case -ENODEV: return mount_device_advice(err);
	case -EPERM:  return priv_may_mount() ? "a seccomp filter or security module forbids it"
					      : "mounting needs CAP_SYS_ADMIN";
	default:      return *said->text ? said->text : NULL;
	}
}

static int mount_direct(struct mountpoint *at, const struct optlist *o, struct out *why)
{
	const char *fault = mount_device_fault();
	int device = fault ? -ENXIO : sys_open("/dev/fuse", O_RDWR, 0), err;
	struct mount_log said;

	if (fault)
		out_fmt(why, "/dev/fuse: %s", fault);
	if (fault)
		return device;
	if (device < 0)
		return explain(why, "/dev/fuse", device, mount_device_advice(device));
	err = mount_attach(at, o, device, &said);
	mount_release(at);
	if (!err)
		return device;
	sys_close(device);
	return explain(why, at->path, err, mount_advice(err, &said));
}

int mount_fuse(struct mountpoint *at, const struct optlist *options, struct out *why)
{
	int device = mount_direct(at, options, why);

	if (device == -EPERM || device == -EACCES) {
		device = commfd_mount(at, options, why);
		if (device >= 0)
			identify(at);
	}
	if (device < 0 || at->mounted.dev_major || at->mounted.dev_minor)
		return device;
	sys_close(device);
	commfd_unmount(at->path, true);
	out_fmt(why, "%s: the new mount cannot be identified", at->path);
	return -ESTALE;
}
