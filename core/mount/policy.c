/* SPDX-License-Identifier: MIT */
/* policy: see policy.h. */
#include "mount/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "opt.h"
#include "mount/table.h"

enum { DEFAULT_MOUNT_MAX = 1000 };

/* The file system types, as in the mount table, on which every user may mount; FUSE as well. The
   others, such as proc, have files that trusted programs read. */
static const char permitted_types[] = " aufs autofs bcachefs btrfs ceph cifs ecryptfs exfat ext2 ext3 ext4"
	" f2fs gfs2 gpfs hfsplus jffs2 jfs lustre msdos vfat ncpfs nfs nfs4 nilfs2 ntfs ntfs3 afs"
	" overlay panfs reiserfs smb3 squashfs tmpfs ramfs rootfs ubifs ufsd xfs zfs ";

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r");
}

/* Returns the value in "NAME = VALUE", or NULL if the line has another name. */
static const char *find_value(const char *line, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) != 0)
		return NULL;
	line = skip_blanks(line + len);
	return *line == '=' ? skip_blanks(line + 1) : NULL;
}

static bool set_count(struct policy *p, const char *value)
{
	uint64_t n;

	if (strcmp(value, "-1") == 0)
		p->mount_max = -1;
	else if (opt_number(value, INT32_MAX, &n) == 0)
		p->mount_max = (int64_t)n;
	else
		return false;
	return true;
}

static bool add_type(struct policy *p, const char *name)
{
	struct out out = { .buf = p->allowed, .size = sizeof(p->allowed),
			   .len = strlen(p->allowed), .fd = -1 };

	if (!*name || name[strcspn(name, " \t")] || out.len + strlen(name) + 3 > out.size)
		return false;
	out_fmt(&out, "%s%s ", out.len ? "" : " ", name);
	out_text(&out);
	return true;
}

static bool read_line(struct policy *p, const char *line)
{
	const char *value;

	if (!*line)
		return true;
	if (strcmp(line, "user_allow_other") == 0)
		return p->user_allow_other = true;
	if ((value = find_value(line, "mount_max")))
		return set_count(p, value);
	if ((value = find_value(line, "allow_fstype")))
		return add_type(p, value);
	return false;
}

/* The user's resource limits or the file's mode can make reading fail. That does not mean that root
   set no limit, so only ENOENT counts as an empty file. */
static ssize_t read_file(char *text, size_t size)
{
	ssize_t n = sys_read_file(POLICY_FILE, text, size);

	if (n == -ENOENT)
		return 0;
	if (n == (ssize_t)size - 1)
		return -EFBIG;
	return n > 0 && memchr(text, '\0', (size_t)n) ? -EINVAL : n;
}

int policy_read(struct policy *p, void (*note)(const char *fmt, ...))
{
	char text[16 * 1024], *line = text, *stop;
	ssize_t n = read_file(text, sizeof(text));
	int err = 0;

	*p = (struct policy) { .mount_max = DEFAULT_MOUNT_MAX };
	if (n < 0)
		note("failed to read %s: %s; root has to make it readable for everybody, or remove it", POLICY_FILE, msg_reason((int)n));
	if (n <= 0)
		return (int)n;
	for (int number = 1; line; number++, line = stop) {
		size_t len = strcspn(line, "\n");

		stop = line[len] ? line + len + 1 : NULL;
		len = strcspn(line, "#\n");
		while (len && strchr(" \t\r", line[len - 1]))
			len--;
		line[len] = '\0';
		line = (char *)skip_blanks(line);
		if (read_line(p, line))
			continue;
		note("unknown parameter in %s at line %d: '%s'", POLICY_FILE, number, line);
		if (find_value(line, "mount_max"))	/* Root set a limit, but it is unknown. */
			err = -EINVAL;
	}
	return err;
}

static bool is_in(const char *list, const char *type)
{
	const char *at = text_find(list, type);
	size_t len = strlen(type);

	for (; at; at = text_find(at + 1, type))
		if (at > list && at[-1] == ' ' && at[len] == ' ')
			return true;
	return false;
}

static int refuse(struct out *why, int err, const char *text, const char *path)
{
	out_fmt(why, text, path);
	return err;
}

static int check_type(const struct policy *p, const struct table_row *row, struct out *why)
{
	if (table_is_fuse(row) || is_in(permitted_types, row->type) || is_in(p->allowed, row->type))
		return 0;
	out_fmt(why, "mounting over filesystem type %s is forbidden; allow_fstype = %s in "
		POLICY_FILE " allows it", row->type, row->type);
	return -EPERM;
}

static int check_directory(const struct mountpoint *at, const struct sys_stat *st, struct out *why)
{
	int err = sys_access(at->under, X_OK);

	if (err) {
		out_fmt(why, "failed to chdir to mountpoint: %s", msg_reason(err));
		return err;
	}
	if ((st->mode & S_ISVTX) && st->uid != at->uid)
		return refuse(why, -EPERM, "mountpoint %s not owned by user", at->path);
	if (sys_access(at->under, W_OK) < 0)
		return refuse(why, -EACCES, "user has no write access to mountpoint %s", at->path);
	return 0;
}

static int check_file(const struct mountpoint *at, struct out *why)
{
	int err = sys_access(at->under, W_OK);

	if (err)
		out_fmt(why, "failed to open %s: %s", at->path, msg_reason(err));
	return err;
}

int policy_mountpoint(const struct policy *p, const struct mountpoint *at, struct out *why)
{
	struct table_row row;
	struct sys_stat st;
	int err = sys_statx(at->under, "", true, &st);

	if (err) {
		out_fmt(why, "failed to access mountpoint %s: %s", at->path, msg_reason(err));
		return err;
	}
	if (!S_ISDIR(st.mode) && !S_ISREG(st.mode))
		return refuse(why, -ENOTDIR, "mountpoint %s is not a directory or a regular file",
			      at->path);
	err = table_of_fd(at->under, &row, true);
	if (err) {
		out_fmt(why, "%s: its file system is not known: %s; is /proc mounted?", at->path,
			msg_reason(err));
		return err;
	}
	/* access(2) on the root of a FUSE mount waits for its server; the mount table has the
	   owner. */
	if (!st.inside && table_is_fuse(&row) && strcmp(row.mountpoint, at->path) == 0) {
		if (table_owner(&row) != at->uid)
			return refuse(why, -EACCES, "user has no write access to mountpoint %s",
				      at->path);
	} else {
		err = S_ISDIR(st.mode) ? check_directory(at, &st, why) : check_file(at, why);
	}
	return err ? err : check_type(p, &row, why);
}

int policy_count(const struct policy *p, int extra, struct out *why)
{
	int count = p->mount_max < 0 ? 0 : table_count_fuse();

	if (count < 0) {
		out_fmt(why, "the mounted FUSE filesystems cannot be counted: %s", msg_reason(count));
		return count;
	}
	if (count + extra <= p->mount_max || p->mount_max < 0)
		return 0;
	out_fmt(why, "too many FUSE filesystems mounted; mount_max=N can be set in " POLICY_FILE
		" (mounted: %d, mount_max=%d)", count, (int)p->mount_max);
	return -EUSERS;
}
