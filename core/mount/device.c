/* SPDX-License-Identifier: MIT */
/* device: what /dev/fuse is, and what to do where it is not the device. See mount.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mount/mount.h"
#include "mount/table.h"
#include "out.h"

int mount_kernel_has(const char *type)
{
	char list[4096], line[80];
	ssize_t size = sys_read_file("/proc/filesystems", list, sizeof(list));

	text_fmt(line, sizeof(line), "\t%s\n", type);
	return size <= 0 ? -ENODATA : text_find(list, line) != NULL;
}

static bool is_on_nodev(void)
{
	int fd = sys_open("/dev/fuse", O_PATH, 0);
	struct table_row row;
	bool nodev = fd >= 0 && table_of_fd(fd, &row, false) == 0 && text_in_list(row.options, "nodev");

	if (fd >= 0)
		sys_close(fd);
	return nodev;
}

const char *mount_device_fault(void)
{
	struct sys_stat st;

	if (sys_stat_path("/dev/fuse", 0, true, &st) < 0
	    || (S_ISCHR(st.mode) && sys_is_fuse_device(&st)))
		return NULL;
	return S_ISDIR(st.mode) ? "a directory (docker -v makes one); remove it, and use --device /dev/fuse"
				: "not the device 10:229; replace it: mknod -m 666 /dev/fuse c 10 229";
}

const char *mount_device_advice(int err)
{
	if (mount_kernel_has("fuse") == 0 || err == -ENODEV || err == -ENXIO)
		return "this kernel has no FUSE: load its module fuse (for a container, on the host)";
	switch (err) {
	case -ENOENT: return "make it: mknod -m 666 /dev/fuse c 10 229 (a container: --device /dev/fuse)";
	case -EPERM:  return "the device cgroup forbids it: allow c 10:229 rwm (--device /dev/fuse)";
	case -EACCES: return is_on_nodev() ? "it is on a file system mounted nodev"
					   : "its mode does not let this user open it (chmod 666 /dev/fuse)";
	default:      return NULL;
	}
}
