/* SPDX-License-Identifier: MIT */
/* idmap: an idmapped mount takes its map from a user namespace, mount_setattr(2). For a map in numbers a
 * child makes one, which lasts as long as the descriptor or a mount. */
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mount/userns.h"
#include "msg.h"
#include "out.h"
#include "sys.h"
#include "sys/child.h"

enum { MAP_SIZE = 4096 };	/* the kernel reads at most a page */

/* Rewrites FROM:TO:COUNT,... as lines of uid_map. The kernel checks the numbers. */
static int to_lines(const char *map, char lines[MAP_SIZE])
{
	size_t len = strlen(map);

	if (len >= MAP_SIZE || strspn(map, "0123456789:,") != len)
		return -EINVAL;
	for (size_t i = 0; i <= len; i++)
		lines[i] = (char)(map[i] == ':' ? ' ' : map[i] == ',' ? '\n' : map[i]);
	return 0;
}

static void wait_in_namespace(int socket)
{
	int err = sys_new_user_namespace();

	sys_write_all(socket, &err, sizeof(err));
	sys_read(socket, &err, 1);
	sys_exit(0);
}

static const char *file_of(int pid, const char *name, char path[32])
{
	return text_fmt(path, 32, "/proc/%u/%s", (unsigned int)pid, name);
}

/* The child's number is not reused before it is reaped. */
static int open_mapped(const struct child *child, const char *lines)
{
	char path[32];
	int err;

	if (sys_read_all(child->socket, &err, sizeof(err)) != sizeof(err))
		err = -EIO;
	if (!err)
		err = userns_write(file_of(child->pid, "uid_map", path), lines, strlen(lines));
	if (!err)
		err = userns_write(file_of(child->pid, "gid_map", path), lines, strlen(lines));
	return err ? err : sys_open(file_of(child->pid, "ns/user", path), O_RDONLY, 0);
}

static int make_namespace(const char *map)
{
	char lines[MAP_SIZE];
	struct child child;
	int fd = to_lines(map, lines);

	if (fd)
		return fd;
	child.pid = child_fork(&child.socket);
	if (child.pid == 0)
		wait_in_namespace(child.socket);
	if (child.pid < 0)
		return child.pid;
	fd = open_mapped(&child, lines);
	child_kill(&child);
	return fd;
}

static int report_map(const char *map, int err)
{
	if (err == -EINVAL)
		msg("%s: wanted: FROM:TO:COUNT, or the path of a user namespace", map);
	else
		msg_errno(1, map, err);
	return -1;
}

static int report_source(const char *source, const char *map, int err)
{
	if (err == -EINVAL)
		msg("%s: its file system has no idmapped mounts, or %s is no user namespace; a FUSE server has to ask for them, on Linux 6.12", source, map);
	else if (err == -ENOSYS)
		msg("%s: --idmap takes Linux 5.12", source);
	else
		msg_errno(1, source, err);
	return -1;
}

int idmap_clone(const char *source, int fd, const char *map)
{
	int namespace = *map == '/' ? sys_open(map, O_RDONLY | O_NONBLOCK, 0) : make_namespace(map), mount, err;

	if (namespace < 0)
		return report_map(map, namespace);
	mount = sys_clone_mount(fd, false);
	err = mount < 0 ? mount : sys_set_mount(mount, ATTR_IDMAP, 0, 0, namespace);
	sys_close(namespace);
	if (err && mount >= 0)
		sys_close(mount);
	return err ? report_source(source, map, err) : mount;
}
