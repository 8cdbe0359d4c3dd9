/* SPDX-License-Identifier: MIT */
/* setattr: attributes changed on behalf of the caller. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"

static struct vfs_time time_to_set(uint32_t valid, uint32_t which, uint32_t now, uint64_t s, uint32_t ns)
{
	if (!(valid & which))
		return (struct vfs_time) { 0, UTIME_OMIT };
	return valid & now ? (struct vfs_time) { 0, UTIME_NOW } : (struct vfs_time) { (int64_t)s, ns };
}

static int set_times(int fd, const struct fuse_setattr_in *in)
{
	const struct vfs_time times[2] = {
		time_to_set(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
		time_to_set(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
	};

	return vfs_utimes(fd, times);
}

/* The kernel has cleared the bits that the caller may not set. */
static int set_mode(const struct fuse_req *req, uint64_t node, int fd, uint32_t mode)
{
	struct vfs_stat st;
	uint32_t rights = 0;
	int err = 0;

	mode &= 07777;
	if (!pass_is_checked(req)) {
		priv_keep_setid(true);
		return vfs_chmod(fd, mode);
	}
	if (mode & (S_ISUID | S_ISGID)) {
		err = vfs_stat(fd, true, &st);
		if (err)
			return err;
		mode = pass_given_mode(req, &st, mode);
		/* Keep CAP_FSETID, without which SOURCE clears the bit, only if the file's group in SOURCE
		   is the one that the kernel has checked the caller by: that may be out of date for an open
		   file. */
		if (mode & S_ISGID && pass_told_group(req, node, st.attr.gid))
			rights = PRIV_SETID;
	}
	err = pass_as_owner(req, node, pass_group(req), NULL, 0, rights);
	if (!err)
		err = vfs_chmod(fd, mode);
	priv_act_as_self();
	return err;
}

/* Only a caller with CAP_CHOWN in a user namespace may give a file to another user: the kernel has
   checked that by the owner that replies have reported. The owner may change the group. */
static int set_owner(const struct fuse_req *req, uint64_t node, int fd, uint32_t valid, uid_t uid, gid_t gid)
{
	struct vfs_stat st;
	uint32_t told;
	int err;

	/* chown(2) clears set-group-ID without CAP_FSETID, which an earlier request may have
	   dropped. */
	priv_keep_setid(!pass_is_checked(req));
	if (!pass_is_checked(req))
		return vfs_chown(fd, uid, gid);
	err = vfs_stat(fd, true, &st);
	if (err)
		return err;
	if (valid & FATTR_UID && uid != st.owner) {
		if (!pass_told_owner(req, node, &told) || told != st.owner)
			return -EPERM;
		return vfs_chown(fd, uid, gid);
	}
	/* Act in the file's group: SOURCE then keeps set-group-ID if the group may not execute the
	   file. */
	err = pass_as_owner(req, node, gid == (gid_t)-1 ? st.attr.gid : gid, &st.attr.gid, 1, 0);
	if (!err)
		err = vfs_chown(fd, (uid_t)-1, gid);
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
	int err;

	/* By the handle of a writer the kernel updates mtime: by ftruncate(2), and after it has written
	   dirty pages. That takes no owner, and must not fail fsync(2) or close(2) if SOURCE refuses it:
	   the data is there. */
	if (in->valid & FATTR_FH) {
		err = set_times(fd, in);
		return err == -EPERM ? 0 : err;
	}
	err = pass_as_owner(req, node, pass_group(req), NULL, 0, 0);
	if (!err)
		err = set_times(fd, in);
	priv_act_as_self();
	return err;
}

int pass_setattr(struct fuse_req *req, uint64_t node, const struct fuse_setattr_in *in)
{
	int fd = pass_fd(req, node), err = fd < 0 ? fd : 0;

	if (!err)
		err = priv_use_reserve(req->in->uid == 0);	/* chown(2) by root ignores quotas */
	/* chown(2) clears set-id bits: set the mode after it. */
	if (!err && in->valid & (FATTR_UID | FATTR_GID))
		err = change_owner(req, node, fd, in);
	if (!err && in->valid & FATTR_MODE)
		err = set_mode(req, node, fd, in->mode);
	if (!err && in->valid & FATTR_MODE)
		pass_note_chmod(req, node, in->mode);
	if (!err && in->valid & FATTR_SIZE)
		err = pass_set_size(req, node, in);
	if (!err && in->valid & (FATTR_ATIME | FATTR_MTIME))
		err = change_times(req, node, fd, in);
	/* The kernel sends its own mtime along with a new size. truncate(2) to the same size comes without,
	   and changes SOURCE's mtime alone: the next lookup then takes that. */
	if (in->valid & FATTR_MTIME)
		pass_note_mtime(req, node);
	if (err == -EPERM)
		pass_drop_attributes(req, node);
	return err;
}
