/* sysfs: the system calls of a file system that stands for another one. As in sys.h,
 * each returns what the call returns, or -errno; the contract is its man page's.
 */
#ifndef FUSEBOX_SYS_VFS_H
#define FUSEBOX_SYS_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuse_kernel.h"

/* A file's device, beside the attributes as FUSE has them, and one of chattr(1)'s. */
struct sysfs_stat { struct fuse_attr attr; uint64_t device; uint32_t owner; bool append_only; };	/* owner: attr.uid as SOURCE has it */

/* Of what a descriptor holds. `ask`: as of now; else as it is known here, of a network
   or FUSE file system without asking its server. */
int sysfs_stat(int fd, bool ask, struct sysfs_stat *st);
int sysfs_statx(int fd, unsigned int flags, unsigned int mask, struct fuse_statx *stat);
int sysfs_statfs(int fd, struct fuse_kstatfs *stat, uint32_t *type);
/* The type of the file system that fd is in, by its magic number, and which of these flags its
   mount has. From Linux 6.8 on without asking a FUSE file system's server. 0 or -errno. */
enum { SYSFS_NOSUID = 2, SYSFS_NODEV = 4 };
int sysfs_mount_of(int fd, uint32_t *type, uint8_t *limits);

/* Opens what an O_PATH descriptor holds. */
int sysfs_reopen(int fd, int flags);
int sysfs_chmod(int fd, mode_t mode);		/* an O_PATH descriptor will do */
int sysfs_chown(int fd, uid_t uid, gid_t gid);	/* the same; -1: as it is */
int sysfs_truncate(int fd, uint64_t size);	/* the same */
int sysfs_ftruncate(int fd, uint64_t size);
/* Times in seconds and nanoseconds; UTIME_NOW and UTIME_OMIT as in utimensat(2). */
struct sysfs_time { int64_t seconds, nanoseconds; };
int sysfs_utimes(int fd, const struct sysfs_time times[2]);

int sysfs_mkdir(int dir, const char *name, mode_t mode);
int sysfs_mknod(int dir, const char *name, mode_t mode, uint32_t device /* as FUSE has it */);
int sysfs_symlink(const char *target, int dir, const char *name);
int sysfs_link(int fd, int dir, const char *name);	/* what an O_PATH descriptor holds */
int sysfs_unlink(int dir, const char *name, bool directory);
int sysfs_rename(int dir, const char *name, int new_dir, const char *new_name, uint32_t flags);
void sysfs_umask(mode_t mask);	/* of a thread with a umask of its own */

ssize_t sysfs_pread(int fd, void *buf, size_t size, uint64_t offset);
ssize_t sysfs_pwrite(int fd, const void *buf, size_t size, uint64_t offset);
ssize_t sysfs_append(int fd, const void *buf, size_t size);
int sysfs_fsync(int fd, bool data_only);
int sysfs_syncfs(int fd);
int sysfs_fallocate(int fd, int mode, uint64_t offset, uint64_t length);
int64_t sysfs_lseek(int fd, int64_t offset, int whence);
ssize_t sysfs_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, size_t length, unsigned int flags);

/* Extended attributes of what an O_PATH descriptor holds. */
ssize_t sysfs_getxattr(int fd, const char *name, void *value, size_t size);
ssize_t sysfs_listxattr(int fd, char *list, size_t size);
int sysfs_setxattr(int fd, const char *name, const void *value, size_t size, int flags);
int sysfs_removexattr(int fd, const char *name);

/* fcntl(2) locks of the open file description (get: what is in the way of one), and
   flock(2) by the type of the former. Without waiting: -EAGAIN, -EACCES. */
int sysfs_lock(int fd, bool get, struct fuse_file_lock *lock);
int sysfs_flock(int fd, uint32_t type);

/* access(2) of what an O_PATH descriptor holds. */
int sysfs_access(int fd, uint32_t mask);

int sysfs_dup(int fd);
int sysfs_ioctl(int fd, uint32_t command, void *data);

/* A file handle, as name_to_handle_at(2) has it, and the file again (O_PATH); `mount`: any
   descriptor, not O_PATH, of its mount. */
struct sysfs_handle { uint32_t size; int32_t type; unsigned char bytes[56]; };
int sysfs_handle_of(int fd, struct sysfs_handle *handle);
int sysfs_open_handle(int mount, const struct sysfs_handle *handle);

/* The file that fd holds, O_PATH will do, for FUSE passthrough: an id, or -errno. */
int sysfs_backing_open(int device, int fd);
int sysfs_backing_close(int device, int32_t id);

/* As many descriptors as this process may have. Returns how many. */
uint32_t sysfs_raise_descriptors(void);

#endif
