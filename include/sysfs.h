/* sysfs: the system calls of a file system that stands for another one. As in sys.h,
 * each returns what the call returns, or -errno; the contract is its man page's.
 */
#ifndef FUSEBOX_SYSFS_H
#define FUSEBOX_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fuse_kernel.h"

/* A file's device, beside the attributes as FUSE has them. */
struct sysfs_stat { struct fuse_attr attr; uint64_t device; };

/* Of what a descriptor holds. `ask`: as of now; else as it is known here, of a network
   or FUSE file system without asking its server. */
int sysfs_stat(int fd, bool ask, struct sysfs_stat *st);
int sysfs_statfs(int fd, struct fuse_kstatfs *stat);

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
mode_t sysfs_umask(mode_t mask);

ssize_t sysfs_pread(int fd, void *buf, size_t size, uint64_t offset);
ssize_t sysfs_pwrite(int fd, const void *buf, size_t size, uint64_t offset);
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

/* As many descriptors as this process may have. */
int sysfs_raise_descriptors(void);

#endif
