/* SPDX-License-Identifier: MIT */
/* stay: a thread acts for a user beyond the request. See passfs.h. */
#include <fcntl.h>

#include "fuse/opcodes.h"
#include "passfs.h"
#include "sys/priv.h"

/* Returning to root takes two system calls, and acting for the same user again three: the thread stays the
   user until a request needs root. Only where SOURCE's file system is local: another server, as of NFS, may judge
   even fstat(2) by the credentials. */
static const struct inode *may_stay(const struct fuse_req *req)
{
	const struct passfs *fs = pass_of(req);
	const struct inode *inode = fs->may_stay && !journal_is_on() ? inodes_get(&fs->inodes, req->in->nodeid) : NULL;

	return inode && inode->device == fs->device ? inode : NULL;
}

void pass_act_ends(const struct fuse_req *req)
{
	priv_act_ends(may_stay(req) != NULL);
}

/* OPEN then makes no system call. */
static bool is_open_by_id(const struct fuse_req *req, const struct inode *inode)
{
	uint32_t flags = ((const struct fuse_open_in *)req->arg)->flags;

	return (flags & (O_ACCMODE | O_TRUNC)) == O_RDONLY && __atomic_load_n(&inode->backing, __ATOMIC_ACQUIRE) > 0
	       && !pass_of(req)->has_long_timeout;
}

/* Whether the request takes any user's credentials: SOURCE tells what it asks for to whoever has the descriptor,
   as the attributes system.* and security.*; or it acts for its own caller before it changes SOURCE. LOOKUP
   becomes root if it is refused. */
static bool takes_any_user(const struct fuse_req *req)
{
	const uint64_t asks = BIT(FUSE_LOOKUP) | BIT(FUSE_GETATTR) | BIT(FUSE_STATX) | BIT(FUSE_RELEASE) | BIT(FUSE_FORGET),
		acts = BIT(FUSE_CREATE) | BIT(FUSE_MKNOD) | BIT(FUSE_MKDIR) | BIT(FUSE_SYMLINK) | BIT(FUSE_LINK)
			| BIT(FUSE_UNLINK) | BIT(FUSE_RMDIR) | BIT(FUSE_RENAME) | BIT(FUSE_RENAME2);
	uint32_t opcode = req->in->opcode;
	const struct inode *inode = may_stay(req);

	return inode && (is_in(asks, opcode) || (is_in(acts, opcode) && req->in->uid)
			 || (opcode == FUSE_GETXATTR && *req->name[0] == 's')
			 || (opcode == FUSE_OPEN && is_open_by_id(req, inode)));
}

void pass_begin(const struct fuse_req *req)
{
	if (priv_acts() && (!req || !takes_any_user(req)))
		priv_act_as_self();
}
