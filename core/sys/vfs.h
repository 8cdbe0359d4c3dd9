/* SPDX-License-Identifier: MIT */
/* vfs: the system calls of a file system that passes another one on. As in sys.h, each function
 * returns what the system call returns, or -errno, and the man page in section 2 describes it.
 * A negative fd is an error that an earlier call returned: the functions return it as it is.
 */
#ifndef FUSEBOX_SYS_VFS_H
#define FUSEBOX_SYS_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuse_kernel.h"

/* attr: as FUSE sends it to the kernel; device: major << 32 | minor; owner, mode: those in SOURCE, even
   if the caller changes attr.uid and attr.mode; append_only: chattr +a. */
struct vfs_stat { struct fuse_attr attr; uint64_t device; uint32_t owner; uint16_t mode; bool append_only; };

/* statx(2) and fstatfs(2) of the file of a descriptor, which may be O_PATH. Without `ask`,
   AT_STATX_DONT_SYNC: a network or FUSE file system answers from its cache, without its server. */
int vfs_stat(int fd, bool ask, struct vfs_stat *st);
int vfs_statx(int fd, unsigned int flags, unsigned int mask, struct fuse_statx *stat);
int vfs_statfs(int fd, struct fuse_kstatfs *stat, uint32_t *type);
/* The magic number of the file system of fd, and which of these flags its mount has. Since Linux
   6.8 it does not wait for a FUSE server. 0 or -errno. */
enum { VFS_NOSUID = 2, VFS_NODEV = 4 };
int vfs_mount_of(int fd, uint32_t *type, uint8_t *limits);

/* The inode number of `name` in the directory dir, of a link itself; of dir's own file if name is "". 0:
   there is none, or it cannot be read. */
uint64_t vfs_inode_at(int dir, const char *name);

/* Opens the file of an O_PATH descriptor: returns a new descriptor (close-on-exec), or -errno. */
int vfs_reopen(int fd, int flags);
int vfs_chmod(int fd, mode_t mode);		/* fd may be O_PATH */
int vfs_chown(int fd, uid_t uid, gid_t gid);	/* the same; -1: unchanged */
int vfs_truncate(int fd, uint64_t size);	/* the same */
int vfs_ftruncate(int fd, uint64_t size);
/* Times in seconds and nanoseconds; UTIME_NOW and UTIME_OMIT as in utimensat(2). */
struct vfs_time { int64_t seconds, nanoseconds; };
int vfs_utimes(int fd, const struct vfs_time times[2]);

int vfs_mkdir(int dir, const char *name, mode_t mode);
int vfs_mknod(int dir, const char *name, mode_t mode, uint32_t device /* as FUSE has it */);
int vfs_symlink(const char *target, int dir, const char *name);
int vfs_link(int fd, int dir, const char *name);	/* fd may be O_PATH */
int vfs_unlink(int dir, const char *name, bool directory);
int vfs_rename(int dir, const char *name, int new_dir, const char *new_name, uint32_t flags);
void vfs_umask(mode_t mask);	/* for threads that called thread_own_umask() */

ssize_t vfs_pread(int fd, void *buf, size_t size, uint64_t offset);
ssize_t vfs_pwrite(int fd, const void *buf, size_t size, uint64_t offset);
ssize_t vfs_append(int fd, const void *buf, size_t size);
int vfs_fsync(int fd, bool data_only);
int vfs_syncfs(int fd);
int vfs_fallocate(int fd, int mode, uint64_t offset, uint64_t length);
int64_t vfs_lseek(int fd, int64_t offset, int whence);
ssize_t vfs_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, size_t length, unsigned int flags);

/* Extended attributes. fd may be O_PATH. */
ssize_t vfs_getxattr(int fd, const char *name, void *value, size_t size);
ssize_t vfs_listxattr(int fd, char *list, size_t size);
int vfs_setxattr(int fd, const char *name, const void *value, size_t size, int flags);
int vfs_removexattr(int fd, const char *name);

/* OFD locks (F_OFD_SETLK, or with `get` F_OFD_GETLK, which replaces *lock by a conflicting lock),
   and flock(2), whose type is F_RDLCK, F_WRLCK or F_UNLCK. Neither waits: -EAGAIN or -EACCES on
   conflict. */
int vfs_lock(int fd, bool get, struct fuse_file_lock *lock);
int vfs_flock(int fd, uint32_t type);

/* access(2) by the real ids. fd may be O_PATH. */
int vfs_access(int fd, uint32_t mask);

int vfs_dup(int fd);

/* The flags with which fd was opened, or -errno. */
int vfs_open_flags(int fd);

int vfs_ioctl(int fd, uint32_t command, void *data);

/* A file handle, by name_to_handle_at(2), and an O_PATH descriptor for it, by
   open_by_handle_at(2); `mount`: any descriptor on the file's mount that is not O_PATH. */
struct vfs_handle { uint32_t size; int32_t type; unsigned char bytes[56]; };
int vfs_handle_of(int fd, struct vfs_handle *handle);
int vfs_open_handle(int mount, const struct vfs_handle *handle);

/* Registers the file of fd, which may be O_PATH, for FUSE passthrough. Returns the backing id, which
   vfs_backing_close() frees, or -errno. */
int vfs_backing_open(int device, int fd);
int vfs_backing_close(int device, int32_t id);

/* Raises RLIMIT_NOFILE as far as this process may. Returns the new limit. */
uint32_t vfs_raise_descriptors(void);

/* Raises RLIMIT_FSIZE as far as this process may. */
void vfs_raise_file_size(void);

#endif
