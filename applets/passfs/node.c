/* SPDX-License-Identifier: MIT */
/* node: see node.h. */
#include <errno.h>
#include <sys/stat.h>

#include "node.h"
#include "journal.h"

/* Files of /proc and the like check the process that opens or writes them, which is the server:
   only the server's own user may use them through it. */
bool pass_lets_in(const struct fuse_req *req)
{
	return pass_of(req)->kernel_fs || req->in->uid == pass_of(req)->uid;
}

int pass_fd(const struct fuse_req *req, uint64_t node)
{
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	return !inode ? -ESTALE : inode->closed && !pass_lets_in(req) ? -EACCES : inode->fd;
}

int pass_dir(const struct fuse_req *req, uint64_t node, const char *name, int hidden)
{
	return passview_hides(&pass_of(req)->view, name) ? hidden : pass_fd(req, node);
}

/* An inode number is unique within its file system only. Mix the device into the numbers of file
   systems mounted in SOURCE; those of SOURCE itself stay as they are. */
uint64_t pass_ino(const struct passfs *fs, uint64_t device, uint64_t ino)
{
	return ino ^ (device - fs->device) * 0x9e3779b97f4a7c15u;
}

/* All files are shown as one user's or group's, so a set-id program would run code of its owner in SOURCE
   with the rights of that user or group. */
uint32_t pass_forced_mode(const struct passfs *fs, uint32_t uid, uint32_t gid, uint32_t mode)
{
	const struct passview *view = &fs->view;

	if (!S_ISREG(mode))
		return mode;
	if (view->force_user >= 0 && uid != (uint32_t)view->force_user)
		mode &= ~(uint32_t)S_ISUID;
	return view->force_group >= 0 && gid != (uint32_t)view->force_group ? mode & ~(uint32_t)S_ISGID : mode;
}

void pass_show(const struct passfs *fs, struct vfs_stat *st)
{
	struct fuse_attr *attr = &st->attr;

	attr->ino = pass_ino(fs, st->device, attr->ino);
	if (passview_is_plain(&fs->view))
		return;
	attr->mode = pass_forced_mode(fs, attr->uid, attr->gid, attr->mode);
	attr->uid = passview_shown(&fs->view, attr->uid, false);
	attr->gid = passview_shown(&fs->view, attr->gid, true);
	attr->mode = passview_mode(&fs->view, attr->mode);
}

void pass_forget(struct fuse_req *req, uint64_t node, uint64_t count)
{
	struct inodes *inodes = &pass_of(req)->inodes;
	const struct inode *inode = inodes_get(inodes, node);
	int32_t id = inode ? inode->backing : 0, backing;
	uint32_t noted = id > 0 ? journal_closing_backing(id) : 0;

	backing = inodes_forget(inodes, node, count, journal_forgetting(req, node));
	if (backing > 0)
		vfs_backing_close(fuse_device(req), backing);
	if (id > 0)
		journal_closed_backing(noted);
}

uint64_t pass_place(void *data, uint64_t node)
{
	const struct passfs *fs = data;
	const struct inode *inode = inodes_get(&fs->inodes, node);

	return inode && inode->device != fs->device ? inode->device : 0;
}
