/* SPDX-License-Identifier: MIT */
/* passfs: act as the owner by whom the kernel has checked the caller.
 *
 * The kernel checks chmod(2), chown(2), utimensat(2) and ACLs by the owner in the last reply,
 * which may be old: for an open file the kernel does not ask again. The server therefore acts as
 * that very owner, without CAP_FOWNER: if the file in SOURCE has another owner by now, SOURCE
 * refuses the change.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "mount/table.h"
#include "out.h"
#include "passfs.h"
#include "sys/priv.h"
#include "thread.h"

/* ---- Reported owners ---- */

/* In inode->told_owner and told_group: replies have reported several. */
#define OWNER_CHANGED ((uint64_t)1 << 63)

static void note_id(uint64_t *kept, uint32_t id)
{
	uint64_t now = (uint64_t)id + 1, before = __atomic_load_n(kept, __ATOMIC_RELAXED), told;

	do {
		if ((before & ~OWNER_CHANGED) == now)
			return;
		told = before ? now | OWNER_CHANGED : now;
	} while (!__atomic_compare_exchange_n(kept, &before, told, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* In inode->told_mode, beside the bits of MODE_BITS. */
enum { MODE_BITS = 0777, MODE_TOLD = 0x8000, MODE_CHANGED = 0x4000 };

static uint16_t told_mode(uint32_t mode)
{
	return (uint16_t)((mode & MODE_BITS) | MODE_TOLD);
}

static void note_mode(uint16_t *kept, uint32_t mode)
{
	uint16_t now = told_mode(mode), before = __atomic_load_n(kept, __ATOMIC_RELAXED), told;

	do {
		if ((before & ~MODE_CHANGED) == now)
			return;
		told = before ? now | MODE_CHANGED : now;
	} while (!__atomic_compare_exchange_n(kept, &before, told, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void pass_note_told(struct inode *inode, uint64_t node, uint32_t uid, uint32_t gid, uint32_t mode)
{
	if (!inode)
		return;
	note_id(&inode->told_owner, uid);
	note_id(&inode->told_group, gid);
	note_mode(&inode->told_mode, mode);
	pass_access_told(node, uid, gid, mode);
}

void pass_note_chown(const struct fuse_req *req, uint64_t node, uint32_t uid)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	/* The kernel holds the inode lock until it has processed the reply, so it checks no caller
	   by the new owner before. */
	if (inode && !(__atomic_load_n(&inode->told_owner, __ATOMIC_RELAXED) & OWNER_CHANGED))
		__atomic_store_n(&inode->told_owner, (uint64_t)uid + 1, __ATOMIC_RELAXED);
}

void pass_note_chmod(const struct fuse_req *req, uint64_t node, uint32_t mode)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	if (inode && !(__atomic_load_n(&inode->told_mode, __ATOMIC_RELAXED) & MODE_CHANGED))
		__atomic_store_n(&inode->told_mode, told_mode(mode), __ATOMIC_RELAXED);
}

bool pass_told_owner(const struct fuse_req *req, uint64_t node, uint32_t *uid)
{
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	uint64_t told = inode ? __atomic_load_n(&inode->told_owner, __ATOMIC_RELAXED) : 0;

	*uid = (uint32_t)((told & ~OWNER_CHANGED) - 1);
	return told && !(told & OWNER_CHANGED);
}

bool pass_told_group(const struct fuse_req *req, uint64_t node, gid_t gid)
{
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	return inode && __atomic_load_n(&inode->told_group, __ATOMIC_RELAXED) == (uint64_t)gid + 1;
}

/* An access list may have changed without the mode. */
bool pass_told_access(const struct fuse_req *req, uint64_t node, int fd, const struct vfs_stat *st)
{
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	uint32_t owner;

	return inode && __atomic_load_n(&inode->told_mode, __ATOMIC_RELAXED) == told_mode(st->attr.mode)
	       && pass_told_group(req, node, st->attr.gid) && pass_told_owner(req, node, &owner) && owner == st->owner
	       && vfs_getxattr(fd, PASS_ACCESS_LIST, NULL, 0) <= 0;
}

bool pass_is_checked(const struct fuse_req *req)
{
	return pass_of(req)->acts_as_callers && req->in->uid != 0;
}

int pass_as_owner(const struct fuse_req *req, uint64_t node, gid_t gid, const gid_t *groups, size_t count, uint32_t rights)
{
	uint32_t uid;

	if (!pass_is_checked(req))
		return 0;
	/* If replies have reported several owners, the kernel may have checked by any of them. */
	if (!pass_told_owner(req, node, &uid))
		uid = passview_source(&pass_of(req)->view, req->in->uid, false);
	return priv_act_for(uid, gid, groups, count, rights);
}

gid_t pass_group(const struct fuse_req *req)
{
	return passview_source(&pass_of(req)->view, req->in->gid, true);
}

/* ---- Set-id bits ---- */

uint32_t pass_made_mode(const struct fuse_req *req, uint32_t mode)
{
	const struct passview *view = &pass_of(req)->view;

	if (!pass_is_checked(req))
		return mode;
	if (passview_source(view, req->in->uid, false) != req->in->uid)
		mode &= ~(uint32_t)S_ISUID;
	return passview_alters(view, true) ? mode & ~(uint32_t)S_ISGID : mode;
}

uint32_t pass_given_mode(const struct fuse_req *req, const struct vfs_stat *st, uint32_t mode)
{
	const struct passview *view = &pass_of(req)->view;

	if (!pass_is_checked(req) || S_ISDIR(st->attr.mode))
		return mode;
	if (passview_shown(view, st->attr.uid, false) != st->attr.uid)
		mode &= ~(uint32_t)S_ISUID;
	return passview_shown(view, st->attr.gid, true) != st->attr.gid ? mode & ~(uint32_t)S_ISGID : mode;
}

bool pass_owner_is_shown(const struct fuse_req *req, int fd)
{
	const struct passview *view = &pass_of(req)->view;
	struct vfs_stat st;

	return !passview_alters(view, false)
	       || (vfs_stat(fd, true, &st) == 0 && passview_shown(view, st.attr.uid, false) == st.attr.uid);
}

int pass_open_to_write(const struct fuse_req *req, int fd)
{
	const struct passfs *fs = pass_of(req);
	struct vfs_stat st;
	int err;

	if (!pass_is_checked(req) || passview_is_plain(&fs->view))
		return 0;
	err = vfs_stat(fd, true, &st);
	if (err || !S_ISREG(st.attr.mode) || st.attr.uid == req->in->uid)
		return err;
	if (st.attr.mode & (S_ISUID | S_ISGID))
		err = vfs_chmod(fd, st.attr.mode & 01777);
	if (!err)
		err = vfs_removexattr(fd, "security.capability");
	return err == -ENODATA || err == -EOPNOTSUPP ? 0 : err;
}

/* ---- File systems that only the server's own user may enter ---- */

bool pass_is_of_kernel(uint32_t type)
{
	static const uint32_t types[] = {
		0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x27e0eb /* cgroup */, 0x63677270 /* cgroup2 */,
		0x64626720 /* debugfs */, 0x74726163 /* tracefs */, 0xcafe4a11 /* bpf */, 0x62656570 /* configfs */,
		0x73636673 /* securityfs */, 0xde5e81e4 /* efivarfs */, 0x6165676c /* pstore */,
		0x42494e4d /* binfmt_misc */, 0xf97cff8c /* selinuxfs */, 0x43415d53 /* smackfs */,
		0x5a3c69f0 /* apparmorfs */, 0x65735543 /* fusectl */, 0x19800202 /* mqueue */, 0x1cd1 /* devpts */,
		0x6e736673 /* nsfs */, 0x50494446 /* pidfs */, 0x67596969 /* rpc_pipefs */, 0x6e667364 /* nfsd */,
		0xabba1974 /* xenfs */, 0x9fa2 /* usbfs */, 0x7655821 /* resctrl */, 0x62494e44 /* binder */,
		0x6c6f6f70 /* binderfs */,
	};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (type == types[i])
			return true;
	return false;
}

/* FUSE without allow_other lets in only processes of the user who mounted it, which the server is for
   every caller. Only the mount table tells; virtiofs has no user_id. */
static bool is_private_fuse(int fd, uint32_t type)
{
	enum { FUSE = 0x65735546 };
	static int lock;	/* table_of_fd() stores the row in static memory */
	struct table_row row;
	bool private;

	if (type != FUSE)
		return false;
	thread_lock(&lock);
	private = table_of_fd(fd, &row, true) < 0
		  || (text_find(row.super, "user_id=") && !text_in_list(row.super, "allow_other"));
	thread_unlock(&lock);
	return private;
}

uint32_t pass_limited_mode(const struct inode *inode, uint32_t mode)
{
	return inode && inode->limits & VFS_NOSUID && S_ISREG(mode) ? mode & ~(uint32_t)(S_ISUID | S_ISGID) : mode;
}

int pass_check_device(const struct fuse_req *req, uint64_t parent, int fd, const struct vfs_stat *st, struct inode *found)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *dir = inodes_get(&fs->inodes, st->device == fs->device ? FUSE_ROOT_ID : parent);
	uint32_t type = 0;
	int err = 0;

	/* The directory's descriptor pins its file system, whose device number therefore stays. */
	if (dir && dir->device == st->device) {
		found->closed = dir->closed;
		found->limits = dir->limits;
	} else {
		err = vfs_mount_of(fd, &type, &found->limits);
		found->closed = !err && (pass_is_of_kernel(type) || is_private_fuse(fd, type));
	}
	if (!err && found->limits & VFS_NODEV && (S_ISCHR(st->attr.mode) || S_ISBLK(st->attr.mode)) && st->attr.rdev)
		err = -EACCES;
	return err ? err : found->closed && !pass_lets_in(req) ? -EACCES : 0;
}

/* ---- Depth of symbolic links ---- */

/* The kernel has a dentry only where a reply has reported the name. A node that was found in two
   directories may have a dentry in each. */
void pass_note_place(const struct fuse_req *req, uint64_t parent, uint64_t node)
{
	struct passfs *fs = pass_of(req);
	struct inode *inode = inodes_get(&fs->inodes, node);
	const struct inode *dir = inodes_get(&fs->inodes, parent);

	if (!inode || node == FUSE_ROOT_ID)
		return;
	thread_lock(&fs->inodes.lock);
	if (!inode->instance) {
		inode->instance = ++fs->instances;
		inode->parent = (uint32_t)parent;
		inode->parent_instance = dir ? dir->instance : 0;
		inode->moved = !dir;
	} else if (parent && (!dir || inode->parent != parent || inode->parent_instance != dir->instance)) {
		inode->moved = true;
	}
	thread_unlock(&fs->inodes.lock);
}

uint32_t pass_depth(const struct fuse_req *req, uint64_t node)
{
	enum { DEEPEST = 4096 };
	const struct inodes *all = &pass_of(req)->inodes;
	const struct inode *inode, *dir;
	uint32_t depth = 0;

	while (node != FUSE_ROOT_ID && depth < DEEPEST) {
		inode = inodes_get(all, node);
		dir = inode && !inode->moved ? inodes_get(all, inode->parent) : NULL;
		if (!dir || dir->instance != inode->parent_instance)
			break;
		node = inode->parent;
		depth += node != FUSE_ROOT_ID;
	}
	return depth;
}

bool pass_leads_out(const struct fuse_req *req, uint64_t node, const char *target)
{
	uint32_t up = 0;
	bool down = false;

	if (*target == '/')
		return true;
	while (*target) {
		const char *start = target;
		size_t len;

		while (*target && *target != '/')
			target++;
		len = (size_t)(target - start);
		while (*target == '/')
			target++;
		if (len == 2 && start[0] == '.' && start[1] == '.') {
			if (down)
				return true;
			up++;
		} else if (len > 1 || *start != '.') {
			down = true;
		}
	}
	return up && up > pass_depth(req, node);
}

/* The local file systems of has_noop_flush() reserve blocks for root, by fsuid or CAP_SYS_RESOURCE.
   On others the server keeps fsuid 0: a network file system may check each write by it. */
static bool has_reserve(const struct passfs *fs, const struct inode *inode)
{
	return fs->quiet_close && inode->device == fs->device;
}

uid_t pass_backing_uid(const struct fuse_req *req, uint64_t node, const struct vfs_stat *known)
{
	enum { NOBODY = 65534, WRITABLE = 022 };
	struct vfs_stat st;

	if (!known) {
		if (vfs_stat(pass_fd(req, node), true, &st) < 0)
			return NOBODY;
		known = &st;
	}
	return known->owner ? known->owner : known->mode & WRITABLE ? NOBODY : 0;
}

void pass_act_as_writer(const struct fuse_req *req, uint64_t node, uint32_t uid, bool kills)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *inode = inodes_get(&fs->inodes, node);

	priv_write_for(inode && has_reserve(fs, inode) ? uid : 0, uid == 0, !kills);
}

uid_t pass_source_uid(const struct fuse_req *req)
{
	return passview_source(&pass_of(req)->view, req->in->uid, false);
}
