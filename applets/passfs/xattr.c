/* SPDX-License-Identifier: MIT */
/* xattr: extended attributes and POSIX ACLs. See passfs.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "passfs.h"
#include "proc/proc.h"
#include "sys/priv.h"

static const char access_list[] = PASS_ACCESS_LIST;

/* 'a' for an access ACL, 'd' for a default ACL, 0 for any other attribute. */
static char get_acl_kind(const char *name)
{
	enum { PREFIX = sizeof("system.posix_acl_") - 1 };

	return strcmp(name, access_list) == 0 || strcmp(name, "system.posix_acl_default") == 0 ? name[PREFIX] : '\0';
}

static bool is_capability(const char *name)
{
	return strcmp(name, "security.capability") == 0;
}

/* Whether the kernel leaves the check of the caller to SOURCE, as it does for all of system.* except ACLs:
   NFS and CIFS, for example, have their own access lists there. Without FUSE_POSIX_ACL kernels before 6.2 do not
   check the caller for ACLs either. */
static bool is_for_source(const struct fuse_req *req, const char *name, bool sets)
{
	return strncmp(name, "system.", 7) == 0 && pass_is_checked(req)
	       && (!get_acl_kind(name) || (sets && !(fuse_agreed(req) & FUSE_POSIX_ACL)));
}

/* Whether the kernel checks the caller of this attribute by the file's mode, as it does for user.*. */
static bool is_by_mode(const char *name)
{
	static const char *const others[] = { "system.", "security.", "trusted." };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* Acts as the caller, with the groups that /proc shows, where the mount shows the ids of SOURCE. -errno: /proc does
   not show them. */
static int act_as_caller(const struct fuse_req *req)
{
	gid_t groups[64];
	int n = proc_groups((int)req->in->pid, req->in->uid, req->in->gid, groups, sizeof(groups) / sizeof(*groups));

	return n < 0 ? n : priv_act_for(req->in->uid, req->in->gid, groups, (size_t)n, 0);
}

/* The kernel may have checked the caller by a mode that it cached long ago. If the mode of now does not settle
   it, SOURCE checks the caller. If SOURCE cannot, the kernel is made to check again by ESTALE: it does so for
   calls that name a path, but fgetxattr(2) and its kind fail with ESTALE. */
static int act_by_mode(const struct fuse_req *req, uint64_t node, uint32_t wanted)
{
	const struct passfs *fs = pass_of(req);
	int fd = pass_fd(req, node);

	if (!fs->has_long_timeout || !pass_is_checked(req) || pass_may_by_mode(req, node, fd, wanted)
	    || (passview_is_plain(&fs->view) && act_as_caller(req) == 0))
		return 0;
	return pass_check_now(req, node, fd, wanted);
}

/* Acts as the user by whom SOURCE is to check access to the attribute, until priv_act_as_self(). */
static int act_for_attribute(const struct fuse_req *req, uint64_t node, const char *name, bool sets, uint32_t rights)
{
	if (is_for_source(req, name, sets))
		return priv_act_for(pass_source_uid(req), pass_group(req), NULL, 0, 0);
	if (is_by_mode(name))
		return act_by_mode(req, node, sets ? 2 : 4);
	return sets && get_acl_kind(name) ? pass_as_owner(req, node, pass_group(req), NULL, 0, rights) : 0;
}

/* The kernel checks callers other than the owner by the access ACL instead of the mode: apply the
   shown mode to it. */
static ssize_t show_acl(struct fuse_req *req, uint64_t node, char kind, ssize_t size)
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
	char kind = get_acl_kind(name);
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	ssize_t n = inode ? 0 : -ESTALE;

	if (inode && inode->limits & VFS_NOSUID && is_capability(name))
		return -ENODATA;
	if (!n)
		n = act_for_attribute(req, node, name, false, 0);
	if (!n)
		n = vfs_getxattr(pass_fd(req, node), name, req->space, size || kind ? req->space_size : 0);
	pass_act_ends(req);
	if (kind && n > 0)
		n = show_acl(req, node, kind, n);
	else if (kind && n == -EOPNOTSUPP)
		n = -ENODATA;	/* EOPNOTSUPP would make the kernel refuse callers other than the owner */
	return n < 0 ? (int)n : fuse_xattr(req, req->space, (size_t)n, size);
}

/* Only root may see trusted.* attributes, and the kernel leaves that check to the file system. */
static size_t remove_trusted(char *list, size_t size)
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
	ssize_t n = vfs_listxattr(pass_fd(req, node), req->space, req->space_size);

	if (n < 0)
		return (int)n;
	return fuse_xattr(req, req->space, req->in->uid ? remove_trusted(req->space, (size_t)n) : (size_t)n, size);
}

/* Whether a killed process may have begun this very request (fmount --keep). */
static bool has_begun(const struct fuse_req *req)
{
	uint64_t before[2];

	return journal_begun(req, (const uint64_t[2]) { 0, 0 }, before);
}

/* XATTR_CREATE, and the attribute exists: whether that process has set it, and so its value. */
static bool has_value(struct fuse_req *req, int fd, const char *name, uint32_t size)
{
	return vfs_getxattr(fd, name, req->space, req->space_size) == (ssize_t)size && memcmp(req->space, req->data, size) == 0;
}

/* Setting an access ACL clears the set-group-ID bit if the caller is not in the file's group. The
   kernel checks that, and flags it for a default ACL too, which clears nothing. */
int pass_setxattr(struct fuse_req *req, uint64_t node, const char *name, const struct fuse_setxattr_in *in)
{
	bool extended = fuse_agreed(req) & FUSE_SETXATTR_EXT;
	struct vfs_stat st;
	int fd = pass_fd(req, node), err;
	char kind = get_acl_kind(name);
	bool begun = has_begun(req);

	if (fd < 0)
		return fd;
	if (kind)
		passview_acl(&pass_of(req)->view, (void *)req->data, in->size, 0, true);
	if (is_capability(name) && pass_is_checked(req) && !pass_owner_is_shown(req, fd))
		return -EPERM;
	priv_keep_setid(true);
	err = priv_use_reserve(req->in->uid == 0);
	if (!err)
		err = act_for_attribute(req, node, name, true, PRIV_SETID);
	if (!err)
		err = vfs_setxattr(fd, name, req->data, in->size, (int)in->flags);
	if (err == -EEXIST && begun && has_value(req, fd, name, in->size))
		err = 0;
	priv_act_as_self();
	if (err || !extended || !(in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID) || kind != 'a')
		return err;
	err = vfs_stat(fd, true, &st);
	return err || !(st.attr.mode & S_ISGID) ? err : vfs_chmod(fd, st.attr.mode & 07777 & ~(uint32_t)S_ISGID);
}

int pass_removexattr(struct fuse_req *req, uint64_t node, const char *name)
{
	int fd = pass_fd(req, node), err = fd < 0 ? fd : 0;
	bool begun = has_begun(req);

	priv_keep_setid(req->in->uid == 0);	/* removing an ACL sets the mode */
	if (!err)
		err = act_for_attribute(req, node, name, true, 0);
	if (!err)
		err = vfs_removexattr(fd, name);
	priv_act_as_self();
	return err == -ENODATA && begun ? 0 : err;
}
