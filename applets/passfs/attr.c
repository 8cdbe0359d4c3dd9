/* SPDX-License-Identifier: MIT */
/* attr: replies with attributes. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>

#include "passfs.h"

/* Dirty pages are data that SOURCE does not have yet. There are none with a backing id, since the
   page cache then is SOURCE's own, nor without a cache and shared mappings. inode: NULL if the node has no
   descriptor. */
static bool source_knows_holes(const struct fuse_req *req, const struct inode *inode)
{
	return (pass_of(req)->cache == CACHE_NONE && !(fuse_agreed(req) & FUSE_DIRECT_IO_ALLOW_MMAP))
	       || (inode && __atomic_load_n(&inode->backing, __ATOMIC_RELAXED) > 0);
}

bool pass_source_knows_holes(const struct fuse_req *req, uint64_t node)
{
	return source_knows_holes(req, inodes_get(&pass_of(req)->inodes, node));
}

/* With passthrough a file has a backing id before it has dirty pages. Writers of a file without one
   are counted. */
static bool may_have_dirty_pages(const struct fuse_req *req, const struct inode *inode)
{
	const struct passfs *fs = pass_of(req);

	if (source_knows_holes(req, inode))
		return false;
	return !fs->passthrough || fs->locks || (inode && __atomic_load_n(&inode->writers, __ATOMIC_RELAXED));
}

/* A store through a mapping of the backing file changes times in SOURCE alone: the kernel's FUSE
   inode does not see that. */
static bool has_backed_writer(const struct inode *inode)
{
	return inode && __atomic_load_n(&inode->backing, __ATOMIC_RELAXED) > 0
	       && __atomic_load_n(&inode->writers, __ATOMIC_RELAXED);
}

void pass_show_node(struct fuse_req *req, const struct inode *inode, struct vfs_stat *st)
{
	struct fuse_attr *attr = &st->attr;

	attr->mode = pass_limited_mode(inode, attr->mode);
	req->brief = has_backed_writer(inode);
	if (!attr->blocks && attr->size && S_ISREG(attr->mode) && may_have_dirty_pages(req, inode))
		attr->blocks = 1;
	pass_show(pass_of(req), st);
}

int pass_attr(struct fuse_req *req, uint64_t node, struct fuse_attr *attr)
{
	struct vfs_stat st;
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	int err = vfs_stat(pass_fd(req, node), true, &st);

	if (err)
		return err;
	pass_note_told(inode, node, st.owner, st.attr.gid, st.attr.mode);
	pass_show_node(req, inode, &st);
	*attr = st.attr;
	return 0;
}

int pass_statx(struct fuse_req *req, uint64_t node, const struct fuse_statx_in *in, struct fuse_statx *stat)
{
	struct vfs_stat st;
	struct fuse_attr *attr = &st.attr;
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	int err = vfs_statx(pass_fd(req, node), in->sx_flags, in->sx_mask, stat);

	if (err)
		return err;
	pass_note_told(inode, node, stat->uid, stat->gid, stat->mode);
	st.device = (uint64_t)stat->dev_major << 32 | stat->dev_minor;
	attr->ino = stat->ino;
	attr->mode = stat->mode;
	attr->uid = stat->uid;
	attr->gid = stat->gid;
	attr->size = stat->size;
	attr->blocks = stat->blocks;
	pass_show_node(req, inode, &st);
	stat->ino = attr->ino;
	stat->mode = (uint16_t)attr->mode;
	stat->uid = attr->uid;
	stat->gid = attr->gid;
	stat->blocks = attr->blocks;
	return 0;
}

/* The kernel sends ACCESS where it does not check permissions itself, since only the server's user
   may use the mount. */
int pass_access(struct fuse_req *req, uint64_t node, uint32_t mask)
{
	return vfs_access(pass_fd(req, node), mask);
}
