/* SPDX-License-Identifier: MIT */
/* passfs: functions that the parts of the applet share. Those that return int return 0 or -errno
 * unless a comment says otherwise; those that serve a request also fill in its reply.
 */
#ifndef FUSEBOX_PASSFS_PASSFS_H
#define FUSEBOX_PASSFS_PASSFS_H

#include "node.h"
#include "journal.h"

/* lookup.c: nodes of names. */

/* Makes a node of fd, an O_PATH descriptor that it takes over, or returns fd if that is a negative
   errno. `parent` is the directory of the name; 0: unknown. Adds 1 to the node's lookup count, for
   which the caller owes pass_forget() unless a reply reports the node. *st gets the attributes that
   the kernel sees. Returns 0 or -errno. */
int pass_make_node(struct fuse_req *req, uint64_t parent, int fd, uint64_t *node, struct vfs_stat *st);

/* pass_make_node() for a name. */
int pass_find(struct fuse_req *req, uint64_t parent, const char *name, uint64_t *node, struct vfs_stat *st);

int pass_lookup(struct fuse_req *req, uint64_t parent, const char *name);
int pass_readlink(struct fuse_req *req, uint64_t node);

/* attr.c */
int pass_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr);

/* Changes attributes of SOURCE to those that the kernel gets for this node. A file that has data
   gets at least one block of 512 bytes if the data may be dirty pages only: tar(1) reads no data of
   a file without blocks. While the backing file may be mapped for writing, the reply lets the
   kernel cache no attributes. inode: as for pass_note_told(). */
void pass_show_node(struct fuse_req *req, const struct inode *inode, struct vfs_stat *st);

/* False: the kernel may have dirty pages where SOURCE has a hole. */
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

/* The descriptor of an open directory's handle; the handle owns it. */
int pass_list_fd(const struct fuse_req *req, uint64_t handle);

/* retry.c. Whether the caller has got ESTALE for this request and name before, and the directory
   has had the same owner, group and mode since: then the first request is forgotten, and *owner is
   the owner that lookups since have reported. Otherwise this request is remembered as the first. */
bool pass_asks_again(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t *owner);

/* Remembers the owner in SOURCE that a reply reports for the name; PASS_NOBODY: no such file. */
#define PASS_NOBODY UINT32_MAX
void pass_name_told(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t owner);

/* Ends the retries in a directory, or of a file, of which a reply reports another owner, group or
   mode than it had when they began. */
void pass_access_told(uint64_t node, uint32_t uid, uint32_t gid, uint32_t mode);

/* From now on the retries are remembered in this memory, in which an earlier server of fmount --keep may have left
   some. */
void pass_use_retries(struct pass_retries *kept);

/* name.c: requests that change a directory. */
int pass_mknod(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mknod_in *in);
int pass_mkdir(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mkdir_in *in);
int pass_symlink(struct fuse_req *req, uint64_t parent, const char *name, const char *target);
int pass_link(struct fuse_req *req, uint64_t node, uint64_t parent, const char *name);
int pass_unlink(struct fuse_req *req, uint64_t parent, const char *name);
int pass_rename(struct fuse_req *req, uint64_t parent, const char *name, uint64_t new_parent,
		const char *new_name, uint32_t flags);

/* Create a file as the caller and open it with `flags`. They return a descriptor of the new file,
   which the caller closes, or -errno. pass_create_new() never opens an existing file: -ESTALE makes
   the kernel look the name up, -EBUSY means that another process keeps creating and removing it. */
int pass_create_new(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in, int flags);
int pass_tmpfile_new(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in, int flags);

/* Whether the mode that the kernel sees grants `wanted` (4 read, 2 write, 1 execute) to the caller:
   as the owner, or by the bits of either the group or others. Only the kernel knows whether the
   caller is in the group: where it may have checked that by attributes that are older than a
   second and have changed since, group and others both have to have the bits. fd is the node's. */
bool pass_may_by_mode(const struct fuse_req *req, uint64_t node, int fd, uint32_t wanted);

/* 0 if pass_may_by_mode() holds, or if the kernel has just checked again; otherwise -ESTALE, which
   makes the kernel check again. */
int pass_check_now(const struct fuse_req *req, uint64_t node, int fd, uint32_t wanted);

/* Invalidates the node's attributes in the kernel. */
void pass_drop_attributes(const struct fuse_req *req, uint64_t node);

/* owner.c. Remember the owner, group and mode in SOURCE that a reply reports for a node, whose inode is NULL if
   the table has none; and the owner and the mode that a SETATTR gives it. */
void pass_note_told(struct inode *inode, uint64_t node, uint32_t uid, uint32_t gid, uint32_t mode);
void pass_note_chown(const struct fuse_req *req, uint64_t node, uint32_t uid);
void pass_note_chmod(const struct fuse_req *req, uint64_t node, uint32_t mode);

/* The last of these in *uid. False: replies have reported several owners, or none. */
bool pass_told_owner(const struct fuse_req *req, uint64_t node, uint32_t *uid);

/* Whether this is the only group in SOURCE that replies have reported. */
bool pass_told_group(const struct fuse_req *req, uint64_t node, gid_t gid);

/* Whether the kernel can check callers by nothing else than what SOURCE has now: replies have
   reported no owner, group or permissions but those of *st, the attributes of fd in SOURCE, and fd's
   file has no access list. */
bool pass_told_access(const struct fuse_req *req, uint64_t node, int fd, const struct vfs_stat *st);

/* Whether the server is root and the caller is not, so that the server acts as the caller; and the
   caller's gid in SOURCE. */
bool pass_is_checked(const struct fuse_req *req);
gid_t pass_group(const struct fuse_req *req);

/* Acts as the owner by whom the kernel has checked the caller, with `rights` (PRIV_*), and with
   `gid` and `count` supplementary groups of SOURCE, until priv_act_as_self(). 0 or -errno. Changes
   nothing for root. */
int pass_as_owner(const struct fuse_req *req, uint64_t node, gid_t gid, const gid_t *groups, size_t count, uint32_t rights);

/* The mode that the caller may give to a new file, and to an existing one with the attributes *st
   in SOURCE. Set-id bits that would take effect for another user or group are cleared. */
uint32_t pass_made_mode(const struct fuse_req *req, uint32_t mode);
uint32_t pass_given_mode(const struct fuse_req *req, const struct vfs_stat *st, uint32_t mode);

/* Before each request, and with NULL when the thread ends: acts as root unless the request takes the credentials
   of whichever user the thread has acted for last. */
void pass_begin(const struct fuse_req *req);

/* Instead of priv_act_as_self() after a change that was made as the caller: the thread may stay the caller. Until
   the request ends it needs priv_act_as_self() for all that only root may do. */
void pass_act_ends(const struct fuse_req *req);

/* The uid for writes that have no single caller: dirty pages of several callers, and writes by a
   backing id, which all callers share. It is the owner's; root's only if no other user can write
   the file. `known`: the file's attributes of this moment, or NULL. */
uid_t pass_backing_uid(const struct fuse_req *req, uint64_t node, const struct vfs_stat *known);

/* The caller's uid in SOURCE. */
uid_t pass_source_uid(const struct fuse_req *req);

/* Act as this user of SOURCE for a write, which then uses no reserved blocks and exceeds no quota,
   until priv_act_as_self(). Only root may do both. */
void pass_act_as_writer(const struct fuse_req *req, uint64_t node, uint32_t uid, bool kills);

/* Whether options leave the owner of fd's file as in SOURCE; false if fstat fails. */
bool pass_owner_is_shown(const struct fuse_req *req, int fd);

/* Call before opening fd's file for a caller that may write it only because of an option:
   clears set-id bits and file capabilities, which would run the caller's code as the owner. 0
   or -errno. */
int pass_open_to_write(const struct fuse_req *req, int fd);

/* -EACCES if fd's file is on a file system that is closed to the caller, of the kernel or FUSE without
   allow_other, or is a device on a nodev mount in SOURCE; other -errno if the mount cannot be read. Fills in found->closed and
   found->limits. `parent` is the directory of the name; 0: unknown. */
int pass_check_device(const struct fuse_req *req, uint64_t parent, int fd, const struct vfs_stat *st, struct inode *found);

/* The mode without set-id bits if the node is on a nosuid mount in SOURCE; and whether a statfs(2)
   type is that of a kernel file system. */
uint32_t pass_limited_mode(const struct inode *inode, uint32_t mode);
bool pass_is_of_kernel(uint32_t type);

/* For --no-symlinks-out. pass_note_place() remembers the directory in which a name of the node was
   found (0: unknown). pass_depth() returns how many directories lie between SOURCE's root and the
   node in the kernel's dentries, at least. pass_leads_out() returns whether the target of a
   symbolic link may lead out of SOURCE, whatever is renamed in SOURCE meanwhile. */
void pass_note_place(const struct fuse_req *req, uint64_t parent, uint64_t node);
uint32_t pass_depth(const struct fuse_req *req, uint64_t node);
bool pass_leads_out(const struct fuse_req *req, uint64_t node, const char *target);

/* open.c, file.c: requests for open files. */
int pass_open(struct fuse_req *req, uint64_t node, uint32_t flags);
int pass_create(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in);
int pass_tmpfile(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in);
int pass_read(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size);
int pass_write(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in);
int pass_flush(struct fuse_req *req, uint64_t node, const struct fuse_flush_in *in);
int pass_fsync(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in);
int pass_release(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in);
void pass_close_handle(struct fuse_req *req, uint64_t node, uint64_t handle);	/* what RELEASE does */
int pass_fallocate(struct fuse_req *req, uint64_t node, const struct fuse_fallocate_in *in);
int pass_lseek(struct fuse_req *req, uint64_t node, const struct fuse_lseek_in *in);
int pass_copy(struct fuse_req *req, uint64_t node, const struct fuse_copy_file_range_in *in);
int pass_ioctl(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in);
int pass_set_size(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in);

/* pass_use() returns the handle's descriptor or, for NOT_OPEN, opens the node with `flags` for this
   request; on failure fd is -errno. pass_done() closes what pass_use() has opened, and returns
   -errno of either, or `err`. */
struct pass_file { int fd; bool borrowed; };
struct pass_file pass_use(const struct fuse_req *req, uint64_t node, uint64_t handle, int flags);
int pass_done(struct pass_file file, int err);

/* prune.c. Makes the kernel evict unused inodes if many are in use; close to the limit of
   descriptors it also waits for them. */
void pass_keep_room(struct fuse_session *session);

/* Whether the request makes a file; LINK only gives one another name. */
bool pass_makes_file(const struct fuse_req *req);

/* False: the node is new to the kernel, few descriptors are left even after waiting as below, and the
   caller has more than a share of them. */
bool pass_may_keep(const struct fuse_req *req, const struct inode *inode);

/* Call it before a request makes a name: afterwards, pass_may_keep() allows the new file. 0, or -EMFILE: there
   is no descriptor, or pass_may_keep() would be false. *spare is a descriptor that the caller closes
   once the name is made: its number is then free for the new node, unless another thread takes it
   first. -1: so many are free that none has to be kept. */
int pass_reserve(const struct fuse_req *req, int dir, int *spare);

/* Waits up to 200 ms until FORGETs have freed descriptors. False: none was freed. */
bool pass_wait_for_room(struct fuse_session *session);

/* Whether the kernel knows more files than fs->limit. */
bool pass_is_short(const struct passfs *fs);

/* For --export. pass_export() prepares file handles: 0 or -errno. pass_open_again() returns an
   O_PATH descriptor of a node that the kernel has forgotten, which the caller owns, or -errno;
   -ESTALE: no such file. */
int pass_export(struct passfs *fs);
int pass_open_again(struct passfs *fs, uint64_t node);

/* With allow_other, pass_hold() counts an open file or a lock owner in a user's holds, and
   pass_release_hold() takes it back. -EMFILE: a user other than root already holds as many as are
   free. pass_prepare_holds() allocates the counts: 0 or -ENOMEM. */
int pass_prepare_holds(struct passfs *fs);
int pass_hold(uint32_t uid);
void pass_hold_anyway(uint32_t uid);	/* whatever the limit */
void pass_release_hold(uint32_t uid);

/* inodes_take() for fd, and with --export the node's generation in req->generation. */
uint64_t pass_take(struct fuse_req *req, int fd, const struct vfs_stat *st);

/* writeback.c, for --writeback. pass_take(), but returns a new node for a file that has changed in
   SOURCE while no process has it open through the mount. */
uint64_t pass_take_current(struct fuse_req *req, int fd, const struct vfs_stat *st);

/* Counts an open file of the node; pass_close_current() takes it back. -ESTALE, once for each
   caller, makes the kernel look the name up first if SOURCE has changed the file. */
int pass_open_current(const struct fuse_req *req, uint64_t node);
void pass_close_current(const struct fuse_req *req, uint64_t node);

/* Remember what the kernel's inode has now: a size of at least `end` bytes; this size in bytes;
   SOURCE's current mtime; dirty pages that could not be written. */
void pass_note_end(const struct fuse_req *req, uint64_t node, uint64_t end);
void pass_note_size(const struct fuse_req *req, uint64_t node, uint64_t size);
void pass_note_mtime(const struct fuse_req *req, uint64_t node);
void pass_note_loss(const struct fuse_req *req, uint64_t node);

/* Whether fsync(2) reports that an earlier inode of the kernel lost dirty pages of this file, which it does
   once: -EIO, or 0. A file that was truncated to nothing or made anew has lost none. */
int pass_report_loss(const struct fuse_req *req, uint64_t node);

/* lock.c: POSIX and flock(2) locks, with --locks. -ENOLCK: too many owners or waiters.
   pass_setlk() returns FUSE_LATER for a waiter, which a thread answers later, or
   pass_interrupt() with -EINTR. */
int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in);
int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait);
void pass_interrupt(struct fuse_req *req, uint64_t unique);
void pass_unlock_owner(uint64_t node, uint64_t owner);
void pass_unlock_handle(uint64_t node, uint64_t handle);
void pass_retry_locks(void);

/* lock_owner.c: a lock owner of a killed process, whose descriptor fd has its locks. */
void pass_resume_owner(int fd, uint64_t node, uint64_t id, uint64_t handle, uint32_t pid, uint32_t uid);

#endif
