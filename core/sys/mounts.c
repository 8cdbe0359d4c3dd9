/* SPDX-License-Identifier: MIT */
/* mounts: mounting, unmounting and the mount table. See sys.h. */
#define _GNU_SOURCE
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call.h"
#include "sys/places.h"

CALL(int, sys_clone_mount, (int fd, bool submounts),
     syscall(NR_OPEN_TREE, fd, "", O_CLOEXEC | 1 /* OPEN_TREE_CLONE */ | AT_EMPTY_PATH | (submounts ? 0x8000 /* AT_RECURSIVE */ : 0)))

CALL(int, sys_mount, (const char *source, const char *target, const char *type,
		      unsigned long flags, const void *data),
     mount(source, target, type, flags, data))

/* umount2(2) has no directory argument. For a path below /proc/self/fd, change to the kept /proc
   and back (sys_keep_places()); other paths belong to the current mount namespace. */
int sys_umount2(const char *target, int flags)
{
	bool descriptor = strncmp(target, FD_DIRECTORY, sizeof(FD_DIRECTORY) - 1) == 0;
	int start = descriptor ? place_of(&target) : AT_FDCWD, before, err;

	if (start == AT_FDCWD)
		return (int)call_result(umount2(target, flags));
	if (start == NO_PLACE)
		return -ENOENT;
	err = sys_enter_directory(start, &before);
	if (!err)
		err = (int)call_result(umount2(target, flags));
	sys_leave_directory(before);
	return err;
}

CALL(int, sys_enter_mount_namespace, (int fd), syscall(SYS_setns, fd, CLONE_NEWNS))
CALL(int, sys_new_mount_namespace, (void), syscall(SYS_unshare, CLONE_NEWNS))
CALL(int, sys_new_user_namespace, (void), syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS))
CALL(int, sys_fsopen, (const char *type), syscall(NR_FSOPEN, type, SYS_FSOPEN_CLOEXEC))
CALL(int, sys_fsconfig, (int fs, enum fsconfig_op op, const char *key, const char *value),
     syscall(NR_FSCONFIG, fs, op, key, value, 0))
CALL(int, sys_fsmount, (int fs, unsigned int attrs),
     syscall(NR_FSMOUNT, fs, SYS_FSMOUNT_CLOEXEC, attrs))
CALL(int, sys_move_mount, (int from, int to),
     syscall(NR_MOVE_MOUNT, from, "", to, "", 0x44 /* MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH */))
CALL(int, sys_move_mount_beneath, (int from, int to),
     syscall(NR_MOVE_MOUNT, from, "", to, "", 0x244 /* and MOVE_MOUNT_BENEATH */))
CALL(int, sys_set_mount, (int mount, uint64_t set, uint64_t clear, uint64_t propagation, int user_namespace),
     syscall(NR_MOUNT_SETATTR, mount, "", AT_EMPTY_PATH,
	     &(const uint64_t[]) { set, clear, propagation, (uint64_t)user_namespace }, 4 * sizeof(uint64_t)))

/* struct mnt_id_req, in its first version (6.8). */
struct mount_request { uint32_t size, unused; uint64_t id, param; };

int sys_statmount(uint64_t id, uint64_t mask, void *buf, size_t size)
{
	struct mount_request request = { sizeof(request), 0, id, mask };

	return (int)call_result(syscall(NR_STATMOUNT, &request, buf, size, 0));
}

int sys_listmount(uint64_t below, uint64_t after, uint64_t *ids, size_t count, bool newest_first)
{
	struct mount_request request = { sizeof(request), 0, below, after };

	return (int)call_result(syscall(NR_LISTMOUNT, &request, ids, count, newest_first));
}
