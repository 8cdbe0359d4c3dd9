/* SPDX-License-Identifier: MIT */
/* lookup: nodes of names, and of file handles that NFS clients return. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"

/* Refuses this mount itself if it is mounted in SOURCE again: a request to it would wait for this
   server. */
int pass_make_node(struct fuse_req *req, uint64_t parent, int fd, uint64_t *node, struct vfs_stat *st)
{
	struct inode found, *inode;
	int err;

	if (fd < 0)
		return fd == -EBADF ? -ESTALE : fd;
	found.closed = false;
	found.limits = 0;
	err = vfs_stat(fd, false, st);
	/* On another file system a user for whom the thread still acts may be told less. */
	if (priv_acts() && (err || st->device != pass_of(req)->device)) {
		priv_act_as_self();
		err = vfs_stat(fd, false, st);
	}
	if (!err && fuse_is_own(req, st->device))
		err = -ELOOP;
	if (!err)
		err = pass_check_device(req, parent, fd, st, &found);
	if (err) {
		sys_close(fd);
		return err;
	}
	*node = pass_take_current(req, fd, st);
	inode = inodes_get(&pass_of(req)->inodes, *node);
	pass_note_told(inode, *node, st->owner, st->attr.gid, st->attr.mode);
	if (inode && (found.closed || found.limits)) {
		inode->closed = found.closed;
		inode->limits = found.limits;
	}
	if (pass_of(req)->no_symlinks_out)
		pass_note_place(req, parent, *node);
	pass_show_node(req, inode, st);
	pass_keep_room(req->session);
	if (pass_may_keep(req, inode))
		return *node ? 0 : -ENOMEM;
	pass_forget(req, *node, 1);
	return -EMFILE;
}

/* A user for whom the thread still acts may be refused what the caller of this lookup is not. */
static bool becomes_root(int err)
{
	if (err != -EACCES || !priv_acts())
		return false;
	priv_act_as_self();
	return true;
}

static int open_name(struct fuse_req *req, int dir, const char *name)
{
	int fd;

	/* Another thread may take the descriptor that was freed: try again. */
	do
		fd = sys_openat(dir, name, O_PATH | O_NOFOLLOW, 0);
	while (becomes_root(fd) || (fd == -EMFILE && pass_wait_for_room(req->session)));
	return fd;
}

int pass_find(struct fuse_req *req, uint64_t parent, const char *name, uint64_t *node, struct vfs_stat *st)
{
	int dir = pass_dir(req, parent, name, -ENOENT), err;
	bool here = !fuse_is_dots(name);

	err = pass_make_node(req, here ? parent : 0, dir < 0 ? dir : open_name(req, dir, name), node, st);
	if (here)
		pass_name_told(req, parent, name, err ? PASS_NOBODY : st->owner);
	return err;
}

/* ".." of SOURCE's root would be the directory above SOURCE. */
static bool is_above_root(uint64_t parent, const char *name)
{
	return parent == FUSE_ROOT_ID && strcmp(name, "..") == 0;
}

int pass_lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	uint64_t node = 0;
	struct vfs_stat st;
	int err;

	/* The kernel resolves a file handle by a lookup of "." in the node, even if it has
	   forgotten the node. */
	if (pass_of(req)->export && strcmp(name, ".") == 0 && pass_fd(req, parent) < 0)
		err = pass_make_node(req, 0, pass_open_again(pass_of(req), parent), &node, &st);
	else
		err = pass_find(req, parent, is_above_root(parent, name) ? "." : name, &node, &st);
	return err ? err : fuse_entry_as(req, node, &st.attr);
}

int pass_readlink(struct fuse_req *req, uint64_t node)
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
