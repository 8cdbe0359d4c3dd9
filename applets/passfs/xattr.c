/* xattr: extended attributes and access lists. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"

static const char access_list[] = PASS_ACCESS_LIST;

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

int pass_getxattr(struct fuse_req *req, uint64_t node, const char *name, uint32_t size)
{
	char kind = list_kind(name);
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
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

int pass_listxattr(struct fuse_req *req, uint64_t node, uint32_t size)
{
	ssize_t n = sysfs_listxattr(pass_fd(req, node), req->space, req->space_size);

	if (n < 0)
		return (int)n;
	return fuse_xattr(req, req->space, req->in->uid ? without_trusted(req->space, (size_t)n) : (size_t)n, size);
}

/* An access list may take the set-group-id bit away, from who is not in the group: that
   the kernel has found out, and tells for a default list too, which takes nothing. */
int pass_setxattr(struct fuse_req *req, uint64_t node, const char *name, const struct fuse_setxattr_in *in)
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

int pass_removexattr(struct fuse_req *req, uint64_t node, const char *name)
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
