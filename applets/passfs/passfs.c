/* passfs: mirrors a directory tree, read and write.
 *
 * Every file that the kernel knows is held by an O_PATH descriptor, found once by
 * device and inode number, so that hard links are one file, a rename changes nothing,
 * and a name that leads out of the tree is never followed. What this process makes for
 * a caller belongs to the caller; whether he may, the kernel checks by the attributes.
 * Its parts: name.c, owner.c, file.c, lock.c, prune.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applet.h"
#include "mount_args.h"
#include "msg.h"
#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"
#include "thread.h"

static struct inodes *inodes_of(const struct fuse_req *req)
{
	return &pass_of(req)->inodes;
}

/* Files of /proc and its kind judge the process that opens or writes them, which is this
   server: only the server's own user may use them through it. */
bool pass_lets_in(const struct fuse_req *req)
{
	return pass_of(req)->kernel_fs || req->in->uid == pass_of(req)->uid;
}

int pass_fd(const struct fuse_req *req, uint64_t node)
{
	const struct inode *inode = inodes_get(inodes_of(req), node);

	return !inode ? -ESTALE : inode->of_kernel && !pass_lets_in(req) ? -EACCES : inode->fd;
}

int pass_dir(const struct fuse_req *req, uint64_t node, const char *name, int hidden)
{
	return passview_hides(&pass_of(req)->view, name) ? hidden : pass_fd(req, node);
}

/* ---- Attributes ---- */

/* A number is a file's within its file system, and all that are mounted in SOURCE are one
   here: into theirs the device is mixed, which leaves SOURCE's own as they are. */
static uint64_t shown_ino(const struct passfs *fs, uint64_t device, uint64_t ino)
{
	return ino ^ (device - fs->device) * 0x9e3779b97f4a7c15u;
}

void pass_show(const struct passfs *fs, struct sysfs_stat *st)
{
	struct fuse_attr *attr = &st->attr;

	attr->ino = shown_ino(fs, st->device, attr->ino);
	attr->uid = passview_shown(&fs->view, attr->uid, false);
	attr->gid = passview_shown(&fs->view, attr->gid, true);
	attr->mode = passview_mode(&fs->view, attr->mode);
}

static int pass_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr)
{
	struct sysfs_stat st;
	int err = sysfs_stat(pass_fd(req, node), true, &st);

	if (err)
		return err;
	pass_note_told(req, node, &st);
	st.attr.mode = pass_limited_mode(req, node, st.attr.mode);
	pass_show(pass_of(req), &st);
	*attr = st.attr;
	return 0;
}

static int pass_statx(struct fuse_req *req, uint64_t node, const struct fuse_statx_in *in, struct fuse_statx *stat)
{
	const struct passfs *fs = pass_of(req);
	int err = sysfs_statx(pass_fd(req, node), in->sx_flags, in->sx_mask, stat);

	stat->ino = shown_ino(fs, (uint64_t)stat->dev_major << 32 | stat->dev_minor, stat->ino);
	stat->uid = passview_shown(&fs->view, stat->uid, false);
	stat->gid = passview_shown(&fs->view, stat->gid, true);
	stat->mode = (uint16_t)passview_mode(&fs->view, pass_limited_mode(req, node, stat->mode));
	return err;
}

static struct sysfs_time time_to_set(uint32_t valid, uint32_t which, uint32_t now, uint64_t s, uint32_t ns)
{
	if (!(valid & which))
		return (struct sysfs_time) { 0, UTIME_OMIT };
	return valid & now ? (struct sysfs_time) { 0, UTIME_NOW } : (struct sysfs_time) { (int64_t)s, ns };
}

static int set_times(int fd, const struct fuse_setattr_in *in)
{
	const struct sysfs_time times[2] = {
		time_to_set(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		time_to_set(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	return sysfs_utimes(fd, times);
}

/* The kernel has taken out what the caller may not set. */
static int set_mode(const struct fuse_req *req, uint64_t node, int fd, uint32_t mode)
{
	struct sysfs_stat st;
	int err = 0;

	mode &= 07777;
	if (!pass_is_checked(req)) {
		priv_keep_setid(true);
		return sysfs_chmod(fd, mode);
	}
	if (mode & (S_ISUID | S_ISGID)) {
		err = sysfs_stat(fd, true, &st);
		mode = err ? mode : pass_given_mode(req, &st, mode);
	}
	if (!err)
		err = pass_as_owner(req, node, pass_group(req), NULL, 0, mode & S_ISGID ? PRIV_SETID : 0);
	if (!err)
		err = sysfs_chmod(fd, mode);
	priv_act_as_self();
	return err;
}

/* Only a caller with CAP_CHOWN in a user namespace gives a file to another user: the kernel
   has checked that by the owner that it was told. The owner may choose a group. */
static int set_owner(const struct fuse_req *req, uint64_t node, int fd, uint32_t valid, uid_t uid, gid_t gid)
{
	struct sysfs_stat st;
	uint32_t told;
	int err;

	/* Without CAP_FSETID, which the request before may have dropped, set-group-id goes. */
	priv_keep_setid(!pass_is_checked(req));
	if (!pass_is_checked(req))
		return sysfs_chown(fd, uid, gid);
	err = sysfs_stat(fd, true, &st);
	if (err)
		return err;
	if (valid & FATTR_UID && uid != st.owner) {
		if (!pass_told_owner(req, node, &told) || told != st.owner)
			return -EPERM;
		return sysfs_chown(fd, uid, gid);
	}
	/* A member of the file's group keeps set-group-id where the group may not execute. */
	err = pass_as_owner(req, node, gid == (gid_t)-1 ? st.attr.gid : gid, &st.attr.gid, 1, 0);
	if (!err)
		err = sysfs_chown(fd, (uid_t)-1, gid);
	priv_act_as_self();
	return err;
}

static int change_owner(const struct fuse_req *req, uint64_t node, int fd, const struct fuse_setattr_in *in)
{
	const struct passview *view = &pass_of(req)->view;
	uid_t uid = in->valid & FATTR_UID ? passview_source(view, in->uid, false) : (uid_t)-1;
	gid_t gid = in->valid & FATTR_GID ? passview_source(view, in->gid, true) : (gid_t)-1;
	int err = set_owner(req, node, fd, in->valid, uid, gid);

	if (!err && in->valid & FATTR_UID)
		pass_note_chown(req, node, uid);
	return err;
}

static int change_times(const struct fuse_req *req, uint64_t node, int fd, const struct fuse_setattr_in *in)
{
	int err = pass_as_owner(req, node, pass_group(req), NULL, 0, 0);

	if (!err)
		err = set_times(fd, in);
	priv_act_as_self();
	return err;
}

static int pass_setattr(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	int fd = pass_fd(req, node), err = fd < 0 ? fd : 0;

	priv_use_reserve(req->in->uid == 0);	/* a chown(2) passes quotas */
	/* A change of owner takes set-id bits away: the mode comes after it. */
	if (!err && in->valid & (FATTR_UID | FATTR_GID))
		err = change_owner(req, node, fd, in);
	if (!err && in->valid & FATTR_MODE)
		err = set_mode(req, node, fd, in->mode);
	if (!err && in->valid & FATTR_SIZE)
		err = pass_set_size(req, node, in);
	if (!err && in->valid & (FATTR_ATIME | FATTR_MTIME))
		err = change_times(req, node, fd, in);
	if (err == -EPERM)
		pass_drop_attributes(req, node);
	return err;
}

/* ---- Names ---- */

/* What fd holds becomes a node, and its attributes those that are shown. Not this file
   system itself, mounted somewhere in its source: to ask that would be to wait for
   ourselves. */
int pass_make_node(struct fuse_req *req, uint64_t parent, int fd, uint64_t *node, struct sysfs_stat *st)
{
	struct inode found = { .of_kernel = false }, *inode;
	int err;

	if (fd == -EMFILE || fd == -ENFILE)
		pass_make_room(req->session);
	if (fd < 0)
		return fd == -EBADF ? -ESTALE : fd;
	err = sysfs_stat(fd, false, st);
	if (!err && fuse_is_own(req, st->device))
		err = -ELOOP;
	if (!err)
		err = pass_check_device(req, parent, fd, st, &found);
	if (err) {
		sys_close(fd);
		return err;
	}
	*node = pass_take(req, fd, st);
	pass_note_told(req, *node, st);
	inode = inodes_get(inodes_of(req), *node);
	if (inode && (found.of_kernel || found.limits)) {
		inode->of_kernel = found.of_kernel;
		inode->limits = found.limits;
	}
	st->attr.mode = pass_limited_mode(req, *node, st->attr.mode);
	if (pass_of(req)->no_symlinks_out)
		pass_note_place(req, parent, *node);
	pass_show(pass_of(req), st);
	if (__atomic_load_n(&inodes_of(req)->held, __ATOMIC_RELAXED) > pass_of(req)->limit)
		pass_make_room(req->session);
	return *node ? 0 : -ENOMEM;
}

static int find(struct fuse_req *req, uint64_t parent, const char *name, uint64_t *node, struct sysfs_stat *st)
{
	int dir = pass_dir(req, parent, name, -ENOENT), err;
	bool here = !fuse_is_dots(name);

	err = pass_make_node(req, here ? parent : 0, dir < 0 ? dir : sys_openat(dir, name, O_PATH | O_NOFOLLOW, 0), node, st);
	if (here)
		pass_name_told(req, parent, name, err ? PASS_NOBODY : st->owner);
	return err;
}

/* ".." of the root would be what is above it. */
static bool leads_out(uint64_t parent, const char *name)
{
	return parent == FUSE_ROOT_ID && strcmp(name, "..") == 0;
}

int pass_lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	uint64_t node = 0;
	struct sysfs_stat st;
	int err;

	/* A file handle comes back: the node is asked for ".", known or not. */
	if (pass_of(req)->export && strcmp(name, ".") == 0 && pass_fd(req, parent) < 0)
		err = pass_make_node(req, 0, pass_open_again(pass_of(req), parent), &node, &st);
	else
		err = find(req, parent, leads_out(parent, name) ? "." : name, &node, &st);
	return err ? err : fuse_entry_as(req, node, &st.attr);
}

void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count)
{
	int32_t backing = inodes_forget(inodes_of(req), node, count);

	if (backing > 0)
		sysfs_backing_close(fuse_device(req), backing);
}

static int pass_readlink(struct fuse_req *req, uint64_t node)
{
	int fd = pass_fd(req, node);
	ssize_t n = fd < 0 ? fd : sys_readlinkat(fd, "", req->space, req->space_size - 1);

	if (n < 0)
		return (int)n;
	req->space[n] = '\0';
	if (pass_of(req)->no_symlinks_out && pass_leads_out(req, node, req->space))
		return -EACCES;
	return fuse_data(req, req->space, (size_t)n);
}

/* Where the kernel does not check by itself, since nobody but us comes in. */
static int pass_access(struct fuse_req *req, uint64_t node, uint32_t mask)
{
	return sysfs_access(pass_fd(req, node), mask);
}

/* ---- Directories ---- */

enum { SMALL_LIST = 1024, LIST = 16 * 1024 };

struct entry { uint64_t ino; int64_t next; uint16_t size; uint8_t type; char name[]; };

/* In ramfs, and tmpfs before Linux 6.6, the place of an entry in its directory is how many
   are before it: it is another one when one of those was removed, which rm -r does as it
   reads. Only who reads on where he is misses none. So there the list that was read last is
   kept, for the rest of it that did not fit, or that the kernel had no use for yet. */
struct pass_list { int fd, size; uint32_t uid; int64_t start, end; char entries[LIST]; };

static bool is_unsteady(const struct fuse_req *req)
{
	return req->session->minor < pass_of(req)->steady_from;
}

int pass_list_fd(const struct fuse_req *req, uint64_t handle)
{
	return is_unsteady(req) ? ((struct pass_list *)(uintptr_t)handle)->fd : pass_handle_fd(handle);
}

/* The handle of an open directory, or 0 without memory. */
static uint64_t list_handle(const struct fuse_req *req, int fd)
{
	struct pass_list *list;

	if (!is_unsteady(req))
		return pass_handle(req->in->uid, 0, fd);
	list = sys_pages(sizeof(*list));
	if (list) {
		list->fd = fd;
		list->uid = req->in->uid;
	}
	return (uintptr_t)list;
}

static int open_list(struct fuse_req *req, uint64_t node)
{
	int fd = sysfs_reopen(pass_fd(req, node), O_RDONLY | O_DIRECTORY);
	uint64_t handle = fd < 0 ? 0 : list_handle(req, fd);

	if (fd >= 0 && !handle)
		sys_close(fd);
	if (!handle)
		return fd < 0 ? fd : -ENOMEM;
	return fuse_opened(req, handle, pass_of(req)->cache == CACHE_ALWAYS ? FOPEN_CACHE_DIR | FOPEN_KEEP_CACHE : 0);
}

static int pass_opendir(struct fuse_req *req, uint64_t node, uint32_t flags)
{
	int err = pass_hold(req->in->uid);

	(void)flags;
	if (err)
		return err;
	err = open_list(req, node);
	if (err)
		pass_release_hold(req->in->uid);
	return err;
}

static int pass_releasedir(struct fuse_req *req, uint64_t node, const struct fuse_release_in *in)
{
	struct pass_list *list = is_unsteady(req) ? (void *)(uintptr_t)in->fh : NULL;
	int fd = pass_list_fd(req, in->fh);

	(void)node;
	pass_release_hold(list ? list->uid : (uint32_t)(in->fh >> 32));
	if (list)
		sys_free_pages(list, sizeof(*list));
	return sys_close(fd);
}

/* With READDIRPLUS each entry is a lookup, which is taken back if there is no room. One
   that cannot be looked up is shown all the same, without attributes. */
static bool add_entry(struct fuse_req *req, uint64_t parent, uint64_t ino, const struct entry *e)
{
	uint64_t node = 0;
	struct sysfs_stat st;

	if (pass_of(req)->view.hides && passview_hides(&pass_of(req)->view, e->name))
		return true;
	if (req->in->opcode != FUSE_READDIRPLUS || fuse_is_dots(e->name) || find(req, parent, e->name, &node, &st) < 0)
		return fuse_dirent_as(req, 0, NULL, ino, e->type, e->name, (uint64_t)e->next);
	if (fuse_dirent_as(req, node, &st.attr, ino, e->type, e->name, (uint64_t)e->next))
		return true;
	pass_forget(req, node, 1);
	return false;
}

/* Whether the reply has room for what comes behind it. */
static bool add_list(struct fuse_req *req, uint64_t parent, const char *list, int size)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *dir = inodes_get(&fs->inodes, parent);

	for (int i = 0; i < size; ) {
		const struct entry *e = (const void *)(list + i);

		if (!add_entry(req, parent, shown_ino(fs, dir ? dir->device : 0, e->ino), e))
			return false;
		i += e->size;
	}
	return true;
}

/* How much of what is kept comes before the entry of this offset; its size if that is to
   be read, -1 if it is nowhere near. From the beginning all is read anew. */
static int kept_before(const struct pass_list *list, int64_t offset)
{
	int64_t at = list->start;
	int i = 0;

	while (i < list->size && at != offset) {
		const struct entry *e = (const void *)(list->entries + i);

		at = e->next;
		i += e->size;
	}
	return at == offset && offset ? i : -1;
}

static int read_unsteady(struct fuse_req *req, uint64_t node, struct pass_list *list, int64_t offset, uint32_t room)
{
	int before = kept_before(list, offset), n;

	if (before < 0) {
		int64_t at = sysfs_lseek(list->fd, offset, SEEK_SET);

		if (at < 0)
			return (int)at;
		list->end = at;
		before = list->size = 0;
	}
	for (;;) {
		if (!add_list(req, node, list->entries + before, list->size - before) || req->reply.data_size)
			return 0;
		n = sys_getdents(list->fd, list->entries, room);
		list->size = n < 0 ? 0 : n;
		list->start = list->end;
		before = 0;
		if (n <= 0)
			return n;
		for (int i = 0; i < n; ) {
			const struct entry *e = (const void *)(list->entries + i);

			list->end = e->next;
			i += e->size;
		}
	}
}

static int pass_readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	/* The list at the end of the room for the reply, and not more of it than will fit
	   there: an entry with attributes is some five times as large. */
	uint32_t room = req->wanted / (req->in->opcode == FUSE_READDIRPLUS ? 5 : 1);
	char *list = req->space + req->space_size - LIST;
	uint64_t handle = ((const struct fuse_read_in *)req->arg)->fh;
	int n, fd;
	int64_t at;

	room = room < SMALL_LIST ? SMALL_LIST : room > LIST ? LIST : room;
	if (req->wanted > req->space_size - LIST)
		req->wanted = req->space_size - LIST;
	if (is_unsteady(req))
		return read_unsteady(req, node, (void *)(uintptr_t)handle, (int64_t)offset, room);
	fd = pass_handle_fd(handle);
	at = sysfs_lseek(fd, (int64_t)offset, SEEK_SET);
	if (at < 0)
		return (int)at;
	do
		n = sys_getdents(fd, list, room);
	while (n > 0 && add_list(req, node, list, n));
	return n < 0 && !req->reply.data_size ? n : 0;	/* the kernel has looked up what is there */
}

static int pass_fsyncdir(struct fuse_req *req, uint64_t node, const struct fuse_fsync_in *in)
{
	(void)node;
	return sysfs_fsync(pass_list_fd(req, in->fh), in->fsync_flags & FUSE_FSYNC_FDATASYNC);
}

/* ---- Extended attributes, and the whole ---- */

static const char access_list[] = "system.posix_acl_access";

/* Of an access list: 'a', or 'd' of what is made in a directory; 0: it is none. */
static char list_kind(const char *name)
{
	enum { PREFIX = sizeof("system.posix_acl_") - 1 };

	return strncmp(name, access_list, PREFIX) == 0 ? name[PREFIX] : '\0';
}

static bool is_capability(const char *name)
{
	return strcmp(name, "security.capability") == 0;
}

/* It is by this list, if there is one, and not by the mode, that the kernel lets in who is
   not the owner. */
static ssize_t show_list(struct fuse_req *req, uint64_t node, char kind, ssize_t size)
{
	const struct passview *view = &pass_of(req)->view;
	struct fuse_attr attr;
	int err = 0;

	attr.mode = 0;
	if (kind == 'a' && view->perms)
		err = pass_attr(req, node, &attr);
	return err ? err : (ssize_t)passview_acl(view, req->space, (size_t)size, attr.mode, false);
}

static int pass_getxattr(struct fuse_req *req, uint64_t node, const char *name, uint32_t size)
{
	char kind = list_kind(name);
	const struct inode *inode = inodes_get(inodes_of(req), node);
	ssize_t n;

	if (inode && inode->limits & SYSFS_NOSUID && is_capability(name))
		return -ENODATA;
	n = sysfs_getxattr(pass_fd(req, node), name, req->space, size || kind ? req->space_size : 0);
	if (kind && n > 0)
		n = show_list(req, node, kind, n);
	else if (kind && n == -EOPNOTSUPP)
		n = -ENODATA;	/* the kernel would refuse who is not the owner */
	return n < 0 ? (int)n : fuse_xattr(req, req->space, (size_t)n, size);
}

/* What is trusted is not told to anybody but root: the kernel leaves that to us. */
static size_t without_trusted(char *list, size_t size)
{
	char *to = list;

	for (char *at = list; at < list + size; ) {
		size_t len = strnlen(at, (size_t)(list + size - at) - 1) + 1;

		if (strncmp(at, "trusted.", 8) != 0) {
			memmove(to, at, len);
			to += len;
		}
		at += len;
	}
	return (size_t)(to - list);
}

static int pass_listxattr(struct fuse_req *req, uint64_t node, uint32_t size)
{
	ssize_t n = sysfs_listxattr(pass_fd(req, node), req->space, req->space_size);

	if (n < 0)
		return (int)n;
	return fuse_xattr(req, req->space, req->in->uid ? without_trusted(req->space, (size_t)n) : (size_t)n, size);
}

/* An access list may take the set-group-id bit away, from who is not in the group: that
   the kernel has found out, and tells for a default list too, which takes nothing. */
static int pass_setxattr(struct fuse_req *req, uint64_t node, const char *name, const struct fuse_setxattr_in *in)
{
	bool extended = fuse_agreed(req) & FUSE_SETXATTR_EXT;
	struct sysfs_stat st;
	int fd = pass_fd(req, node), err;
	char kind = list_kind(name);

	if (kind)
		passview_acl(&pass_of(req)->view, (void *)req->data, in->size, 0, true);
	if (is_capability(name) && pass_is_checked(req) && !pass_owner_is_shown(req, fd))
		return -EPERM;
	priv_keep_setid(true);
	priv_use_reserve(req->in->uid == 0);
	err = kind ? pass_as_owner(req, node, pass_group(req), NULL, 0, PRIV_SETID) : 0;
	if (!err)
		err = sysfs_setxattr(fd, name, req->data, in->size, (int)in->flags);
	priv_act_as_self();
	if (err || !extended || !(in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID) || kind != 'a')
		return err;
	err = sysfs_stat(fd, true, &st);
	return err || !(st.attr.mode & S_ISGID) ? err : sysfs_chmod(fd, st.attr.mode & 07777 & ~(uint32_t)S_ISGID);
}

static int pass_removexattr(struct fuse_req *req, uint64_t node, const char *name)
{
	int fd = pass_fd(req, node), err = 0;

	priv_keep_setid(req->in->uid == 0);	/* without an access list the mode is anew */
	if (list_kind(name))
		err = pass_as_owner(req, node, pass_group(req), NULL, 0, 0);
	if (!err)
		err = sysfs_removexattr(fd, name);
	priv_act_as_self();
	return err;
}

static int pass_statfs(struct fuse_req *req, uint64_t node, struct fuse_kstatfs *stat)
{
	uint32_t type;

	return sysfs_statfs(pass_fd(req, node), stat, &type);
}

static int pass_syncfs(struct fuse_req *req)
{
	int fd = sysfs_reopen(pass_fd(req, FUSE_ROOT_ID), O_RDONLY | O_DIRECTORY);
	int err = fd < 0 ? fd : sysfs_syncfs(fd);

	if (fd >= 0)
		sys_close(fd);
	return err;
}

static struct fuse_ops pass_ops;

/* Whether a close does nothing there: of these file systems it is known. */
static bool closes_quietly(uint32_t type)
{
	static const uint32_t types[] = {
		0x01021994 /* tmpfs */, 0xef53 /* ext */, 0x58465342 /* xfs */, 0x9123683e /* btrfs */,
		0xf2f52010 /* f2fs */, 0x858458f6 /* ramfs */, 0x4d44 /* fat */, 0x2011bab0 /* exfat */,
	};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (type == types[i])
			return true;
	return false;
}

/* As many as there are CPUs to run on, and two where there is one: a request that waits
   for a disk, or for another user's file system, should not be waited for. */
static uint32_t threads(bool waits)
{
	enum { MOST = 16 };
	int cpus = thread_cpus();

	return (uint32_t)(cpus < 2 ? 1 + waits : cpus > MOST ? MOST : cpus);
}

/* What to ask the kernel for, once SOURCE is known. */
static void choose(struct passfs *fs, uint32_t type)
{
	enum { OVERLAY = 0x794c7630, TMPFS = 0x01021994, OF_6_6 = 39 };
	const uint32_t ramfs = 0x858458f6;
	char none;
	uint64_t *want = &pass_ops.want;

	*want = FUSE_ATOMIC_O_TRUNC | FUSE_DONT_MASK | FUSE_HANDLE_KILLPRIV_V2 | FUSE_CREATE_SUPP_GROUP
		| FUSE_HAS_IOCTL_DIR | FUSE_READDIRPLUS_AUTO | FUSE_ASYNC_DIO;
	if (fs->no_xattrs) {
		pass_ops.getxattr = NULL;
		pass_ops.listxattr = NULL;
		pass_ops.setxattr = NULL;
		pass_ops.removexattr = NULL;
	} else if (fs->serve.mount.allow_other
		   && sysfs_getxattr(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, access_list, &none, 0) != -EOPNOTSUPP)
		*want |= FUSE_POSIX_ACL;
	*want |= FUSE_DIRECT_IO_ALLOW_MMAP;
	if (fs->cache != CACHE_NONE)
		*want |= FUSE_AUTO_INVAL_DATA;
	if (!fs->no_symlinks_out)
		*want |= FUSE_CACHE_SYMLINKS;
	if (fs->locks)
		*want |= FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS;
	if (fs->writeback)
		*want |= FUSE_WRITEBACK_CACHE;
	if (fs->export)
		*want |= FUSE_EXPORT_SUPPORT;
	fs->passthrough = !fs->writeback && !fs->no_passthrough && !fs->serve.sandbox && sys_geteuid() == 0;
	if (fs->passthrough)
		*want |= FUSE_PASSTHROUGH;
	pass_ops.threads = threads(fs->serve.mount.allow_other || (type != TMPFS && type != ramfs));
	pass_ops.backing_depth = type == OVERLAY ? 2 : 1;
	fs->quiet_close = closes_quietly(type);
	fs->steady_from = type == TMPFS ? OF_6_6 : type == ramfs ? UINT32_MAX : 0;
	if (!fs->locks) {
		pass_ops.getlk = NULL;
		pass_ops.setlk = NULL;
		pass_ops.interrupt = NULL;
	}
	pass_ops.timeout = fs->timeout >= 0 ? (uint32_t)fs->timeout * 1000 : fs->cache == CACHE_NONE ? 0
			   : fs->cache == CACHE_ALWAYS ? 86400 * 1000 : 1000;
	fs->late = pass_ops.timeout > 1000;
}

static int pass_prepare(void *data, const char *source)
{
	struct passfs *fs = data;
	struct sysfs_stat st;
	struct fuse_kstatfs whole;
	uint32_t type;
	int fd = source ? sys_open(source, O_PATH | O_DIRECTORY, 0) : -ENOENT, err;

	if (fd < 0)
		return fd;
	err = sysfs_stat(fd, true, &st);
	if (!err)
		err = sysfs_statfs(fd, &whole, &type);
	if (err)
		return err;
	fs->device = st.device;
	fs->uid = sys_geteuid();
	fs->acts = fs->uid == 0;
	fs->limit = sysfs_raise_descriptors() / 4 * 3;
	if (inodes_take(&fs->inodes, fd, st.device, st.attr.ino) != FUSE_ROOT_ID)
		return -ENOMEM;
	inodes_get(&fs->inodes, FUSE_ROOT_ID)->of_kernel = pass_is_of_kernel(type);
	choose(fs, type);
	err = pass_prepare_holds(fs);
	return err || !fs->export ? err : pass_export(fs);
}

/* A root file system is mounted in an initramfs, whose /proc then moves to it, out of the
   reach of this server, which stays behind. */
static void keep_names(void)
{
	sys_go_among_descriptors();
}

static void thread_starts(void)
{
	thread_own_umask();
	priv_thread_starts();
}

static int pass_sandbox(void *fs)
{
	return inodes_get(&((struct passfs *)fs)->inodes, FUSE_ROOT_ID)->fd;
}

/* A request that goes to another file system below may wait for as long as the server of that
   one likes. */
static uint64_t pass_place(void *data, uint64_t node)
{
	const struct passfs *fs = data;
	const struct inode *inode = inodes_get(&fs->inodes, node);

	return inode && inode->device != fs->device ? inode->device : 0;
}

/* To act for the caller, and where only root may; CAP_SYS_ADMIN is for backing ids and
   attributes that are called trusted. */
#define CAP(number) ((uint64_t)1 << (number))
enum { CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, SETGID = 6, SETUID, LINUX_IMMUTABLE = 9,
       SYS_ADMIN = 21, SYS_RESOURCE = 24, MKNOD = 27, SETFCAP = 31 };
#define CAPABILITIES (CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) | CAP(FOWNER) | CAP(FSETID) \
	| CAP(SETGID) | CAP(SETUID) | CAP(LINUX_IMMUTABLE) | CAP(SYS_ADMIN) | CAP(SYS_RESOURCE) | CAP(MKNOD) | CAP(SETFCAP))

static struct fuse_ops pass_ops = {
	.capabilities = CAPABILITIES, .sandbox = pass_sandbox,
	.prepare = pass_prepare, .mounted = keep_names, .thread_starts = thread_starts, .place = pass_place, .kernel_checks = true, .max_write = 1 << 20,
	.attr = pass_attr, .statx = pass_statx, .setattr = pass_setattr, .lookup = pass_lookup, .forget = pass_forget,
	.mknod = pass_mknod, .mkdir = pass_mkdir, .symlink = pass_symlink, .link = pass_link,
	.unlink = pass_unlink, .rmdir = pass_unlink, .rename = pass_rename, .readlink = pass_readlink,
	.open = pass_open, .create = pass_create, .tmpfile = pass_tmpfile, .read = pass_read,
	.write = pass_write, .flush = pass_flush, .fsync = pass_fsync, .release = pass_release,
	.fallocate = pass_fallocate, .lseek = pass_lseek, .copy_file_range = pass_copy, .ioctl = pass_ioctl,
	.getlk = pass_getlk, .setlk = pass_setlk, .interrupt = pass_interrupt,
	.opendir = pass_opendir, .readdir = pass_readdir, .releasedir = pass_releasedir, .fsyncdir = pass_fsyncdir,
	.getxattr = pass_getxattr, .listxattr = pass_listxattr, .setxattr = pass_setxattr,
	.removexattr = pass_removexattr, .statfs = pass_statfs, .access = pass_access, .syncfs = pass_syncfs,
};

static const struct opt options[] = {
	SERVE_OPTIONS,
	OPT('r', "ro", OPT_CALL, struct passfs, set_ro, NULL, "mount read-only"),
	OPT(0, "cache", OPT_CALL, struct passfs, set_cache, "HOW", "auto, none or always: what the kernel may keep"),
	OPT(0, "timeout", OPT_NUMBER, struct passfs, timeout, "SECONDS", "how long it may keep names and attributes (1)"),
	OPT(0, "writeback", OPT_FLAG, struct passfs, writeback, NULL, "the kernel collects writes; excludes passthrough"),
	OPT(0, "no-passthrough", OPT_FLAG, struct passfs, no_passthrough, NULL, "all reads and writes come through here"),
	OPT(0, "no-xattrs", OPT_FLAG, struct passfs, no_xattrs, NULL, "no extended attributes, and no requests for them"),
	OPT(0, "locks", OPT_FLAG, struct passfs, locks, NULL, "lock in SOURCE, for those who work there too"),
	OPT(0, "map", OPT_CALL, struct passfs, set_map, "UID:UID,@GID:@GID", "show one owner or group as another"),
	OPT(0, "force-user", OPT_NUMBER, struct passfs, view.force_user, "UID", "show all as owned by UID"),
	OPT(0, "force-group", OPT_NUMBER, struct passfs, view.force_group, "GID", "and by this group"),
	OPT(0, "uid-offset", OPT_NUMBER, struct passfs, view.uid_offset, "N", "show owners as N more"),
	OPT(0, "gid-offset", OPT_NUMBER, struct passfs, view.gid_offset, "N", "and groups"),
	OPT(0, "perms", OPT_CALL, struct passfs, set_perms, "MODE", "show other permissions, such as go-w"),
	OPT(0, "hide", OPT_CALL, struct passfs, set_hide, "PATTERN", "as if no such names were there"),
	OPT(0, "no-symlinks-out", OPT_FLAG, struct passfs, no_symlinks_out, NULL, "refuse links that lead out of SOURCE"),
	OPT(0, "kernel-fs", OPT_FLAG, struct passfs, kernel_fs, NULL, "let others into /proc and its kind in SOURCE"),
	OPT(0, "export", OPT_FLAG, struct passfs, export, NULL, "file handles stay good, for an NFS server"),
	OPT_END
};

static const char *set_cache(void *to, char *value, const char **bad)
{
	int which = opt_word("auto|none|always", value);

	(void)bad;
	if (which < 0)
		return "not auto, none or always";
	*(enum pass_cache *)to = (enum pass_cache)which;
	return NULL;
}

/* In its order among others: of -r and -o rw the last one counts. */
static const char *set_ro(void *mount, char *value, const char **bad)
{
	(void)value;
	(void)bad;
	((struct optlist *)mount)->flags |= MOUNT_RDONLY;
	return NULL;
}

/* What the options say of each other, and of the mount. */
static const char *settle(void *data, struct fuse_session *session)
{
	struct passfs *fs = data;

	if (fs->export && fs->serve.sandbox)
		return "--sandbox and --export exclude each other: file handles lead everywhere";
	/* A ring's thread has its CPU's requests to itself: one that waits in SOURCE would hold up
	   those of all users there. */
	if (fs->serve.mount.allow_other && session->transport == FUSE_TRANSPORT_AUTO)
		session->transport = FUSE_TRANSPORT_DEV;
	if (!fs->locks)
		return NULL;
	if (session->transport == FUSE_TRANSPORT_URING)
		return "--locks needs --transport=dev";
	session->transport = FUSE_TRANSPORT_DEV;	/* a lock is answered out of turn */
	return NULL;
}

static int passfs_main(char **argv)
{
	static struct passfs fs = { .timeout = -1, .view = { .force_user = -1, .force_group = -1 } };

	fs.set_ro = (struct opt_set) { set_ro, &fs.serve.mount };
	fs.set_cache = (struct opt_set) { set_cache, &fs.cache };
	fs.set_map = (struct opt_set) { passview_map, &fs.view };
	fs.set_perms = (struct opt_set) { passview_perms, &fs.view };
	fs.set_hide = (struct opt_set) { passview_hide, &fs.view };
	pass_ops.settle = settle;
	return serve_with(argv, options, &fs.serve, &pass_ops, &fs);
}

APPLET(passfs, "passfs", "usr/bin", "SOURCE MOUNTPOINT", "mirror a directory tree", options)

static int mount_passfs_main(char **argv)
{
	return serve_as_mount(argv, passfs_main);
}

APPLET(mount_passfs, "mount.passfs", "sbin", "SOURCE MOUNTPOINT", "passfs as mount(8) calls it", mountargs_options)
