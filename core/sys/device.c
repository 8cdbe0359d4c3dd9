/* SPDX-License-Identifier: MIT */
/* device: descriptors of /dev/fuse. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"

static int attach_device(int fd, int device)
{
	int err;

	if (fd < 0)
		return fd;
	err = (int)call_result(syscall(SYS_ioctl, fd, _IOR(229, 0, uint32_t), &device));
	if (err < 0)
		sys_close(fd);
	return err < 0 ? err : fd;
}

int sys_clone_device(int device)
{
	return attach_device(sys_open("/dev/fuse", O_RDWR, 0), device);
}

int sys_move_device_to_read_only_mount(int device)
{
	int fd = sys_reopen_read_only_mount(device, O_RDWR), own, err;

	if (fd == -EINVAL) {	/* the device was opened in another mount namespace */
		own = sys_open("/dev/fuse", O_PATH, 0);
		fd = own < 0 ? own : sys_reopen_read_only_mount(own, O_RDWR);
		if (own >= 0)
			sys_close(own);
	}
	fd = attach_device(fd, device);
	if (fd < 0)
		return fd;
	err = sys_dup2(fd, device);
	sys_close(fd);
	return err < 0 ? err : sys_set_cloexec(device, true);
}
