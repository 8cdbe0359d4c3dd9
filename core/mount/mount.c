/* mount: /dev/fuse and mount(2), or the calls that replace it. See mount.h. */
#define _GNU_SOURCE
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "msg.h"
#include "table.h"

/* A descriptor's name in /proc, where it can stand for the path. */
static const char *fd_path(char name[32], int fd)
{
	struct out out = { .buf = name, .size = 32, .fd = -1 };

	out_fmt(&out, "/proc/self/fd/%d", fd);
	return out_text(&out);
}

static int fail(struct out *why, const char *object, int err, const char *advice)
{
	out_fmt(why, "%s: %s%s%s", object, msg_reason(err), advice ? "; " : "", advice ? advice : "");
	return err;
}

/* The absolute path of a directory or file that is held open. Without /proc
   only a directory's can be told. */
static int absolute(int fd, char *path, size_t size)
{
	char name[32];
	ssize_t n = sys_readlink(fd_path(name, fd), path, size - 1);
	int here, err;

	if (n >= 0) {
		path[n] = '\0';
		return (size_t)n < size - 1 ? 0 : -ENAMETOOLONG;
	}
	if (n != -ENOENT)
		return (int)n;
	here = sys_open(".", O_PATH | O_DIRECTORY, 0);
	err = sys_fchdir(fd);
	if (!err)
		err = sys_getcwd(path, size);
	if (here >= 0) {
		sys_fchdir(here);
		sys_close(here);
	}
	return err;
}

static int is_fuse(const struct table_row *row, void *id)
{
	return row->id == *(uint64_t *)id && table_is_fuse(row);
}

/* A FUSE mount that is already there is refused: below it a dead one would
   stay hidden. Another file system (a volume, say) may be covered. */
static int check_free(const struct mountpoint *at, const struct sys_stat *st, struct out *why)
{
	uint64_t id = st->mount_id;

	if (st->inside || !id || table_each(NULL, is_fuse, &id) <= 0)
		return 0;
	out_fmt(why, "%s: already mounted; unmount it first (fumount, or fumount -l if it is dead)",
		at->path);
	return -EBUSY;
}

static int examine(struct mountpoint *at, const char *path, struct out *why)
{
	struct sys_stat st;
	int err = absolute(at->under, at->path, sizeof(at->path));

	if (!err)
		err = sys_statx(at->under, "", false, &st);
	if (err)
		return fail(why, path, err, NULL);
	err = check_free(at, &st, why);
	if (err)
		return err;
	if (!S_ISDIR(st.mode))
		return fail(why, path, -ENOTDIR, "a mountpoint is a directory");
	at->mode = st.mode;
	return 0;
}

int mount_pin(struct mountpoint *at, const char *path, struct out *why)
{
	int err;

	*at = (struct mountpoint) { .under = sys_open(path, O_PATH, 0) };
	if (at->under == -ENOENT)
		return fail(why, path, at->under, "make the directory first");
	if (at->under < 0)
		return fail(why, path, at->under, NULL);
	err = examine(at, path, why);
	if (err)
		sys_close(at->under);
	return err;
}

static bool kernel_has_fuse(void)
{
	char list[4096];

	return sys_read_file("/proc/filesystems", list, sizeof(list)) < 0
	       || text_find(list, "\tfuse\n");
}

static const char *device_advice(int err)
{
	if (!kernel_has_fuse() || err == -ENODEV || err == -ENXIO)
		return "this kernel has no FUSE: load its module fuse (for a container, on the host)";
	switch (err) {
	case -ENOENT: return "make it: mknod -m 666 /dev/fuse c 10 229 (a container: --device /dev/fuse)";
	case -EPERM:  return "the device cgroup forbids it: allow c 10:229 rwm (--device /dev/fuse)";
	case -EACCES: return "its mode does not let this user open it";
	default:      return NULL;
	}
}

/* With fsopen(2) and its family, the mount exists before it is attached, so
   what was pinned is what is covered; and the kernel says what it dislikes. */
struct context { int fs, err; char said[160]; };

static void config(struct context *c, enum fsconfig_op op, const char *key, const char *value)
{
	if (!c->err)
		c->err = sys_fsconfig(c->fs, op, key, value);
}

static void config_number(struct context *c, const char *key, uint32_t number)
{
	char text[16];
	struct out out = OUT_TEXT(text);

	out_fmt(&out, "%u", number);
	config(c, FSCONFIG_STRING, key, out_text(&out));
}

static void configure(struct context *c, const struct mountpoint *at,
		      const struct optlist *o, int device)
{
	config(c, FSCONFIG_STRING, "source", o->fsname);
	config(c, FSCONFIG_STRING, "subtype", o->subtype);
	config_number(c, "fd", (uint32_t)device);
	config(c, FSCONFIG_STRING, "rootmode", S_ISDIR(at->mode) ? "40000" : "100000");
	config_number(c, "user_id", sys_getuid());
	config_number(c, "group_id", sys_getgid());
	if (o->default_permissions)
		config(c, FSCONFIG_FLAG, "default_permissions", NULL);
	if (o->allow_other)
		config(c, FSCONFIG_FLAG, "allow_other", NULL);
	if (o->max_read)
		config_number(c, "max_read", o->max_read);
	if (o->blksize)
		config_number(c, "blksize", o->blksize);
	if (o->flags & MOUNT_RDONLY)
		config(c, FSCONFIG_FLAG, "ro", NULL);
	if (o->flags & MOUNT_SYNC)
		config(c, FSCONFIG_FLAG, "sync", NULL);
	if (o->flags & MOUNT_DIRSYNC)
		config(c, FSCONFIG_FLAG, "dirsync", NULL);
	if (o->flags & MOUNT_LAZYTIME)
		config(c, FSCONFIG_FLAG, "lazytime", NULL);
	config(c, FSCONFIG_CREATE, NULL, NULL);
}

static unsigned int attributes(uint32_t flags)
{
	static const struct { uint32_t flag, attr; } map[] = {
		{ MOUNT_RDONLY, ATTR_RDONLY }, { MOUNT_NOSUID, ATTR_NOSUID },
		{ MOUNT_NODEV, ATTR_NODEV }, { MOUNT_NOEXEC, ATTR_NOEXEC },
		{ MOUNT_NOATIME, ATTR_NOATIME }, { MOUNT_STRICTATIME, ATTR_STRICTATIME },
		{ MOUNT_NODIRATIME, ATTR_NODIRATIME }, { MOUNT_NOSYMFOLLOW, ATTR_NOSYMFOLLOW },
	};
	unsigned int attrs = 0;

	for (unsigned int i = 0; i < sizeof(map) / sizeof(*map); i++)
		if (flags & map[i].flag)
			attrs |= map[i].attr;
	return attrs;
}

/* Reads the first complaint: a line such as "e fuse: Bad value for 'fd'". */
static void hear(struct context *c)
{
	ssize_t n = sys_read(c->fs, c->said, sizeof(c->said) - 1);

	c->said[n > 0 ? n : 0] = '\0';
	c->said[strcspn(c->said, "\n")] = '\0';
}

static int attach(struct mountpoint *at, const struct optlist *o, int fs)
{
	int mount = sys_fsmount(fs, attributes(o->flags)), err;

	if (mount < 0)
		return mount;
	err = sys_statx(mount, "", true, &at->mounted);
	if (!err)
		err = sys_move_mount(mount, at->under);
	sys_close(mount);
	return err;
}

static void mount_new(struct context *c, struct mountpoint *at, const struct optlist *o, int device)
{
	c->fs = sys_fsopen("fuse");
	if (c->fs < 0) {
		c->err = c->fs;
		return;
	}
	configure(c, at, o, device);
	if (!c->err)
		c->err = attach(at, o, c->fs);
	if (c->err)
		hear(c);
	sys_close(c->fs);
}

/* mount(2): for kernels before 5.2 and sandboxes that forbid the new calls. */
static int mount_old(struct mountpoint *at, const struct optlist *o, int device)
{
	char type[128], data[256], name[32];
	struct out t = OUT_TEXT(type), d = OUT_TEXT(data);
	int err;

	out_fmt(&t, "fuse.%s", o->subtype);
	out_fmt(&d, "fd=%d,rootmode=%o,user_id=%u,group_id=%u", device, at->mode & S_IFMT,
		sys_getuid(), sys_getgid());
	optlist_fuse(o, &d);
	err = sys_mount(o->fsname, fd_path(name, at->under), out_text(&t), o->flags, out_text(&d));
	if (err == -ENOENT)	/* no /proc */
		err = sys_mount(o->fsname, at->path, type, o->flags, data);
	if (!err)
		sys_stat_path(at->path, O_NOFOLLOW, true, &at->mounted);
	return err;
}

static const char *mount_advice(const struct context *c)
{
	switch (c->err) {
	case -ENODEV: return device_advice(c->err);
	case -EPERM:  return "mounting needs CAP_SYS_ADMIN";
	default:      return *c->said ? c->said : NULL;
	}
}

static int mount_direct(struct mountpoint *at, const struct optlist *o, struct out *why)
{
	int device = sys_open("/dev/fuse", O_RDWR, 0);
	struct context c = { .err = 0 };

	if (device < 0)
		return fail(why, "/dev/fuse", device, device_advice(device));
	mount_new(&c, at, o, device);
	if (c.err == -ENOSYS || c.err == -EPERM)
		c.err = mount_old(at, o, device);
	if (!c.err)
		return device;
	sys_close(device);
	return fail(why, at->path, c.err, mount_advice(&c));
}

int mount_fuse(struct mountpoint *at, const struct optlist *options, struct out *why)
{
	int device = mount_direct(at, options, why);

	if (device != -EPERM && device != -EACCES)
		return device;
	device = commfd_mount(at, options, why);
	if (device >= 0)
		sys_stat_path(at->path, O_NOFOLLOW, true, &at->mounted);
	return device;
}
