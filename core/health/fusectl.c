/* SPDX-License-Identifier: MIT */
/* fusectl: the control file system of FUSE. See fusectl.h. */
#include "health/fusectl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "opt.h"
#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "sys/dir.h"

static const char place[] = "/sys/fs/fuse/connections";
static bool entered;	/* this process may be in another user's mount namespace */

/* Before Linux 5.2 there is no fsmount(2): attach fusectl for a moment. */
static int detached_fusectl(void)
{
	int err = sys_mount("fusectl", place, "fusectl", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	int dir;

	if (err)
		return err;
	dir = sys_open(place, O_PATH | O_DIRECTORY, 0);
	sys_umount2(place, MNT_DETACH);
	return dir;
}

/* Returns the descriptor of a detached fusectl mount, which ends when it is closed. */
static int private_fusectl(void)
{
	int fs = sys_fsopen("fusectl"), mount, err;

	if (fs < 0)
		return detached_fusectl();
	err = sys_fsconfig(fs, FSCONFIG_CREATE, NULL, NULL);
	mount = err ? err : sys_fsmount(fs, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
	sys_close(fs);
	return mount;
}

/* If no fusectl is mounted there, `place` is a directory of sysfs; in another user's mount namespace
   it may be any file. */
static int find_fusectl(void)
{
	int dir = sys_open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (dir >= 0 && sys_magic(dir) == SYS_FUSECTL_MAGIC)
		return dir;
	if (dir >= 0)
		sys_close(dir);
	return private_fusectl();
}

/* Open fusectl once: a caller may read thousands of connections. */
static int found = -1;

static int fusectl(void)
{
	if (found < 0 && !entered)
		found = find_fusectl();
	return found == -ENOENT || (found < 0 && entered) ? -EPERM : found;	/* -ENOENT would mean: no such connection */
}

void fusectl_keep(void)
{
	fusectl();
	entered = true;
}

/* A user may have mounted another file over a file of fusectl. */
static int open_here(int dir, const char *path, int flags)
{
	int fd = sys_openat2(dir, path, flags, RESOLVE_SAME_MOUNT | RESOLVE_NO_LINKS);

	if (fd != -ENOSYS && fd != -EPERM)
		return fd;
	fd = sys_openat(dir, path, flags, 0);
	if (fd < 0 || sys_magic(fd) == SYS_FUSECTL_MAGIC)
		return fd;
	sys_close(fd);
	return -ENOENT;
}

void fusectl_release(void)
{
	if (found >= 0)
		sys_close(found);
	found = -1;
}

static int open_below(int dir, uint64_t connection, const char *file, int flags)
{
	char path[48];

	if (dir < 0)
		return dir;
	text_fmt(path, sizeof(path), "%llu/%s", (unsigned long long)connection, file);
	return open_here(dir, path, flags | O_NOFOLLOW | (flags & O_PATH ? 0 : O_NONBLOCK));
}

static int open_file(uint64_t connection, const char *file, int flags)
{
	return open_below(fusectl(), connection, file, flags);
}

static int abort_by(int fd)
{
	int err = fd < 0 ? fd : sys_write_all(fd, "1", 1);

	if (fd >= 0)
		sys_close(fd);
	return err;
}

int fusectl_abort(uint64_t connection)
{
	return abort_by(open_file(connection, "abort", O_WRONLY));
}

/* Use a private mount of fusectl, so that no other one stays busy. The directory only ever has this
   connection's files, and is empty once the connection is over. */
int fusectl_hold(uint64_t connection)
{
	int mount = private_fusectl(), dir = open_below(mount, connection, "", O_PATH | O_DIRECTORY);

	if (mount >= 0)
		sys_close(mount);
	return dir;
}

int fusectl_hold_mounted(uint64_t connection)
{
	return open_file(connection, "", O_PATH | O_DIRECTORY);
}

bool fusectl_held_is_over(int held)
{
	int fd = sys_openat(held, "abort", O_PATH | O_NOFOLLOW, 0);

	if (fd >= 0)
		sys_close(fd);
	return fd == -ENOENT;
}

int fusectl_abort_held(int held)
{
	return abort_by(sys_openat(held, "abort", O_WRONLY | O_NOFOLLOW, 0));
}

/* The kernel gives all of such a file at once. */
static int64_t read_number(int fd)
{
	char text[24];
	ssize_t n = sys_read(fd, text, sizeof(text) - 1);
	uint64_t number;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return opt_number(text, INT64_MAX, &number) < 0 ? -EINVAL : (int64_t)number;
}

int64_t fusectl_number(uint64_t connection, const char *file)
{
	int fd = open_file(connection, file, O_RDONLY);
	int64_t number;

	if (fd < 0)
		return fd;
	number = read_number(fd);
	sys_close(fd);
	return number;
}

int64_t fusectl_waiting(uint64_t connection)
{
	return fusectl_number(connection, "waiting");
}

int fusectl_each(int (*fn)(uint64_t connection, void *data), void *data)
{
	struct sys_dir dir;
	const char *name;
	uint64_t number;
	int top = fusectl(), result = top < 0 ? top : sys_opendir(&dir, top, ".");

	if (result)
		return result;
	while (!result && (name = sys_readdir(&dir)))
		if (opt_number(name, UINT64_MAX, &number) == 0)
			result = fn(number, data);
	sys_close(dir.fd);
	return result;
}

int fusectl_identify(uint64_t connection, uint64_t *identity)
{
	struct sys_stat st;
	int fd = open_file(connection, "", O_PATH);
	int err = fd < 0 ? fd : sys_statx(fd, "", true, &st);

	if (fd >= 0)
		sys_close(fd);
	*identity = err ? 0 : st.inode;
	return err;
}

uint64_t fusectl_identity(uint64_t connection)
{
	uint64_t identity;

	fusectl_identify(connection, &identity);
	return identity;
}

int fusectl_abort_known(uint64_t connection, uint64_t identity)
{
	struct sys_stat st;
	int dir = open_file(connection, "", O_PATH);
	int err = dir < 0 ? dir : sys_statx(dir, "", true, &st);

	if (!err && st.inode != identity)
		err = -ESTALE;
	if (!err)
		err = fusectl_abort_held(dir);
	if (dir >= 0)
		sys_close(dir);
	return err;
}

bool fusectl_is_over(uint64_t connection)
{
	return fusectl_number(connection, "max_background") == UINT32_MAX;
}
