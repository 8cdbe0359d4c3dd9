/* passfs: what each part of the applet has for the others, and for the table of operations. */
#ifndef FUSEBOX_PASSFS_PASSFS_H
#define FUSEBOX_PASSFS_PASSFS_H

#include "node.h"

/* lookup.c: nodes of names. */

/* Makes a node of the descriptor fd, which it takes over, or passes fd's own -errno on. The
   name was found in the directory `parent` (0: unknown). Fills in *st with what is shown. */
int pass_make_node(struct fuse_req *req, uint64_t parent, int fd, uint64_t *node, struct sysfs_stat *st);

/* The node of a name, with a lookup counted. Fills in *st with what is shown. 0 or -errno. */
int pass_find(struct fuse_req *req, uint64_t parent, const char *name, uint64_t *node, struct sysfs_stat *st);

/* The reply to a lookup: 0 or -errno. */
int pass_lookup(struct fuse_req *req, uint64_t parent, const char *name);
int pass_readlink(struct fuse_req *req, uint64_t node);

/* attr.c */
int pass_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr);

/* Attributes of SOURCE become those that are shown of this node. A file that has data shows at least
   one block of 512 bytes where the data may be in the kernel's cache alone: tar(1) and its kind read
   nothing of a file without blocks. While SOURCE's own pages may be mapped for writing, the kernel is
   told not to keep them. */
void pass_show_node(struct fuse_req *req, uint64_t node, struct sysfs_stat *st);

/* False: the kernel may have data in its cache where SOURCE has a hole. */
bool pass_source_knows_holes(const struct fuse_req *req, uint64_t node);

int pass_statx(struct fuse_req *req, uint64_t node, const struct fuse_statx_in *in, struct fuse_statx *stat);
int pass_setattr(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);
int pass_access(struct fuse_req *req, uint64_t node, uint32_t mask);

/* xattr.c */
#define PASS_ACCESS_LIST "system.posix_acl_access"
int pass_getxattr(struct fuse_req *req, uint64_t node, const char *name, uint32_t size);
int pass_listxattr(struct fuse_req *req, uint64_t node, uint32_t size);
int pass_setxattr(struct fuse_req *req, uint64_t node, const char *name, const struct fuse_setxattr_in *in);
int pass_removexattr(struct fuse_req *req, uint64_t node, const char *name);

/* dir.c: open directories. */
int pass_opendir(struct fuse_req *req, uint64_t node, uint32_t flags);
int pass_releasedir(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
int pass_readdir(struct fuse_req *req, uint64_t node, uint64_t offset);
int pass_fsyncdir(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);

/* The descriptor of an open directory. */
int pass_list_fd(const struct fuse_req *req, uint64_t handle);

/* retry.c. Whether this caller was told ESTALE for this name and now asks again; the next request
   then is a first one. Otherwise this one is remembered as the first. */
bool pass_asks_again(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t *owner);

/* Remembers the owner in SOURCE that a reply tells of this name; PASS_NOBODY: it tells none. */
#define PASS_NOBODY UINT32_MAX
void pass_name_told(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t owner);

/* name.c: what changes a directory. */
int pass_mknod(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mknod_in *in);
int pass_mkdir(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mkdir_in *in);
int pass_symlink(struct fuse_req *req, uint64_t parent, const char *name, const char *target);
int pass_link(struct fuse_req *req, uint64_t node, uint64_t parent, const char *name);
int pass_unlink(struct fuse_req *req, uint64_t parent, const char *name);
int pass_rename(struct fuse_req *req, uint64_t parent, const char *name, uint64_t new_parent,
		const char *new_name, uint32_t flags);

/* Make a file as the caller and open it with `flags`: a descriptor, which is the new file's
   in any case, or -errno. -ESTALE sends the kernel to look the name up, -EBUSY is for
   somebody whose name is made and removed all the time. */
int pass_create_new(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in, int flags);
int pass_tmpfile_new(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in, int flags);

/* Whether the mode that is shown of fd's file lets the caller do what `wanted` (rwx, as 4, 2
   and 1) says, if the caller is in the right groups. */
bool pass_may_by_mode(const struct fuse_req *req, int fd, uint32_t wanted);

/* 0 if it does now, or if the kernel has just checked it again; else -ESTALE, which makes
   the kernel do so. */
int pass_check_now(const struct fuse_req *req, uint64_t node, int fd, uint32_t wanted);

/* Makes the kernel ask for the node's attributes before it uses them again. */
void pass_drop_attributes(const struct fuse_req *req, uint64_t node);

/* owner.c: whose rights count. Remember the owner in SOURCE that a reply tells of a
   node, and one that a request of the mount gives it. */
void pass_note_told(const struct fuse_req *req, uint64_t node, const struct sysfs_stat *st);
void pass_note_chown(const struct fuse_req *req, uint64_t node, uint32_t uid);

/* False: replies have told several owners, or none. *uid is the last. */
bool pass_told_owner(const struct fuse_req *req, uint64_t node, uint32_t *uid);

/* Whether the caller is one of several users, on whose behalf a server that is root acts;
   and the caller's group in SOURCE. */
bool pass_is_checked(const struct fuse_req *req);
gid_t pass_group(const struct fuse_req *req);

/* Acts as the owner by whom the kernel has checked the caller, with PRIV_* rights and fsgid
   and `count` supplementary groups of SOURCE, until priv_act_as_self(). 0 or -errno.
   Changes nothing for root. */
int pass_as_owner(const struct fuse_req *req, uint64_t node, gid_t gid, const gid_t *groups, size_t count, uint32_t rights);

/* The mode that the caller may give to a new file, and to one of which *st is what SOURCE
   says: without set-id bits that would be another user's. */
uint32_t pass_made_mode(const struct fuse_req *req, uint32_t mode);
uint32_t pass_given_mode(const struct fuse_req *req, const struct sysfs_stat *st, uint32_t mode);

/* Whether the owner of fd's file in SOURCE is the one that is shown. */
bool pass_owner_is_shown(const struct fuse_req *req, int fd);

/* Before a caller writes or maps fd's file whom only an option lets do so: takes what makes
   others run it with its owner's rights. 0 or -errno. */
int pass_open_to_write(const struct fuse_req *req, int fd);

/* -EACCES where what fd holds is of a kernel file system that the caller may not enter, or a
   device on a mount in SOURCE that has nodev. Fills in found->of_kernel and found->limits.
   `parent` is the directory of the name; 0: unknown. */
int pass_check_device(const struct fuse_req *req, uint64_t parent, int fd, const struct sysfs_stat *st, struct inode *found);

/* Set-id bits do not count in SOURCE where a mount below it has nosuid: they are not shown. */
uint32_t pass_limited_mode(const struct fuse_req *req, uint64_t node, uint32_t mode);
bool pass_is_of_kernel(uint32_t type);

/* With --no-symlinks-out. Remembers the directory in which a name of the node was found (0:
   unknown). How many directories below SOURCE's root the kernel has its directory, at least.
   Whether this target leads out from there, whatever is renamed in SOURCE meanwhile. */
void pass_note_place(const struct fuse_req *req, uint64_t parent, uint64_t node);
uint32_t pass_depth(const struct fuse_req *req, uint64_t node);
bool pass_leads_out(const struct fuse_req *req, uint64_t node, const char *target);

/* file.c: what is done with open files. */
int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags);
int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in);
int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in);
int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size);
int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in);
int pass_flush(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in);
int pass_fsync(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);
int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in);
int pass_lseek(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in);
int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in);
int pass_ioctl(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in);
int pass_set_size(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);

/* The handle of an open file: the user who opened it, who counts for it; how it is written
   (writer_mode's number, and 1); and its descriptor, or NOT_OPEN where the kernel reads and
   writes the file by itself. */
enum { NOT_OPEN = 0x3fffffff };
static inline uint64_t pass_handle(uint32_t uid, int way, int fd)
{
	return (uint64_t)uid << 32 | (uint32_t)(way + 1) << 30 | (uint32_t)fd;
}
static inline int pass_handle_fd(uint64_t handle)
{
	return (int)(handle & NOT_OPEN);
}

/* A descriptor to work on for the time of a request: that of the handle, or, where the
   kernel reads and writes by itself and nothing was opened here, one for this time. */
struct pass_file { int fd; bool borrowed; };
struct pass_file pass_use(const struct fuse_req *req, uint64_t node, uint64_t handle, int flags);
int pass_done(struct pass_file file, int err);

/* prune.c: makes the kernel forget some of the files that nobody uses once many are known: it is
   asked, and near the end of all descriptors also waited for. */
void pass_keep_room(struct fuse_session *session);

/* Waits, a fifth of a second at most, for descriptors to come back. False: none did. */
bool pass_wait_for_room(struct fuse_session *session);

/* Whether more files are known than should be. */
bool pass_is_short(const struct passfs *fs);

/* File handles: 0 or -errno, and a descriptor or -errno, -ESTALE if there is nothing to open. */
int pass_export(struct passfs *fs);
int pass_open_again(struct passfs *fs, uint64_t node);

/* Where several users may come in: counts an open file, or a lock's owner, for a user. 0, or
   -EMFILE: the user holds as many as are free, and so leaves as many to others. Root may hold
   all. pass_release_hold() takes it back. */
int pass_prepare_holds(struct passfs *fs);
int pass_hold(uint32_t uid);
void pass_release_hold(uint32_t uid);

/* inodes_take() of what fd holds, with its handle, and the generation that the reply tells. */
uint64_t pass_take(struct fuse_req *req, int fd, const struct sysfs_stat *st);

/* writeback.c, for --writeback. pass_take(), but a new node for a file that SOURCE has changed while
   nobody of the mount has it open. */
uint64_t pass_take_current(struct fuse_req *req, int fd, const struct sysfs_stat *st);

/* Counts an open file of the node. -ESTALE, once for each caller, makes the kernel look the name up
   first: it would open an inode that SOURCE has outrun. pass_close_current() takes it back. */
int pass_open_current(const struct fuse_req *req, uint64_t node);
void pass_close_current(const struct fuse_req *req, uint64_t node);

/* What the kernel now has in its inode: at least `end` bytes; this size; the mtime that SOURCE has;
   pages that could not be written. */
void pass_note_end(const struct fuse_req *req, uint64_t node, uint64_t end);
void pass_note_size(const struct fuse_req *req, uint64_t node, uint64_t size);
void pass_note_mtime(const struct fuse_req *req, uint64_t node);
void pass_note_loss(const struct fuse_req *req, uint64_t node);

/* lock.c: POSIX and flock(2) locks, with --locks. */
int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in);
int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait);
void pass_interrupt(struct fuse_req *req, uint64_t unique);
void pass_unlock_owner(uint64_t node, uint64_t owner);
void pass_unlock_handle(uint64_t node, uint64_t handle);
void pass_retry_locks(void);

#endif
