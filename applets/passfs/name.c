/* SPDX-License-Identifier: MIT */
/* passfs: requests that change a directory: create, unlink, rename, link.
 *
 * The kernel checks the caller before it sends such a request, but by cached names and attributes,
 * while SOURCE may have changed since. The server acts as the caller, so that SOURCE checks the
 * caller once more, by current attributes.
 *
 * Two kinds of permitted requests fail that way. The server does not know the caller's
 * supplementary groups: it allows what only a group permits by the directory's current mode. And
 * SOURCE does not know the capabilities that a caller has in a user namespace, nor options that
 * show other owners: for these the server invalidates the cached attributes and answers ESTALE.
 * The kernel then looks the path up and checks the caller again; when the same request returns,
 * the server carries it out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"
#include "thread.h"

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

struct end { uint64_t parent; const char *name; int dir; };

/* One or two names; the other fields are those that the request's opcode takes. */
struct change {
	struct end end[2];
	int ends, held;
	uint64_t node;
	uint32_t mode, umask, device, flags;
	bool as_self;	/* the server's own rights, since SOURCE would refuse the caller */
	const char *target;
};

/* Never opens an existing file, since the kernel has not checked the caller for it. If another
   process keeps creating and removing the name, one of several tries finds the name free. */
static int create_new(const struct change *c)
{
	int fd, tries = 16;

	do
		fd = sys_openat(c->end->dir, c->end->name, (int)c->flags | O_CREAT | O_EXCL | O_NOFOLLOW, c->mode);
	while (fd == -EEXIST && !(c->flags & O_EXCL) && --tries);
	return fd;
}

static int apply_change(const struct fuse_req *req, const struct change *c)
{
	const struct end *at = c->end, *to = c->end + 1;

	switch (req->in->opcode) {
	case FUSE_CREATE:	return create_new(c);
	case FUSE_TMPFILE:	return sys_openat(at->dir, ".", (int)c->flags | O_TMPFILE, c->mode);
	case FUSE_MKNOD:	return vfs_mknod(at->dir, at->name, c->mode, c->device);
	case FUSE_MKDIR:	return vfs_mkdir(at->dir, at->name, c->mode);
	case FUSE_SYMLINK:	return vfs_symlink(c->target, at->dir, at->name);
	case FUSE_LINK:		return vfs_link(c->held, at->dir, at->name);
	case FUSE_UNLINK:	return vfs_unlink(at->dir, at->name, false);
	case FUSE_RMDIR:	return vfs_unlink(at->dir, at->name, true);
	default:		return vfs_rename(at->dir, at->name, to->dir, to->name, c->flags);
	}
}

/* The supplementary group that the kernel names (FUSE_CREATE_SUPP_GROUP), if any: it is the
   directory's, and the caller is a member. Extensions follow the names, so they may be
   unaligned. */
static size_t get_extra_group(const struct fuse_req *req, gid_t *group)
{
	const char *at = req->ext;
	size_t left = req->ext_size;
	struct { struct fuse_ext_header ext; uint32_t count; gid_t first; } groups;

	while (left >= sizeof(groups.ext)) {
		memcpy(&groups, at, sizeof(groups.ext));
		if (groups.ext.size < sizeof(groups.ext) || groups.ext.size > left)
			return 0;
		if (groups.ext.type == FUSE_EXT_GROUPS && groups.ext.size >= sizeof(groups)) {
			memcpy(&groups, at, sizeof(groups));
			*group = groups.first;
			return groups.count != 0;
		}
		at += FUSE_REC_ALIGN(groups.ext.size);
		left -= FUSE_REC_ALIGN(groups.ext.size);	/* a multiple of 8 itself */
	}
	return 0;
}

/* Applies the change as `uid` of SOURCE, with the caller's groups. */
static int apply_change_as(const struct fuse_req *req, const struct change *c, uid_t uid, uint32_t rights)
{
	const struct passview *view = &pass_of(req)->view;
	gid_t group;
	size_t groups = get_extra_group(req, &group);
	int err;

	if (groups)
		group = passview_source(view, group, true);
	err = priv_act_for(uid, passview_source(view, req->in->gid, true), &group, groups, rights);
	if (!err)
		err = apply_change(req, c);
	pass_act_ends(req);
	return err;
}

static int apply_change_as_self(const struct fuse_req *req, const struct change *c)
{
	priv_act_as_self();
	return apply_change(req, c);
}

/* Whether acting as the caller would change nothing: the caller is root in the server's group. Without
   CAP_FSETID, which an earlier request may have dropped, SOURCE clears set-group-ID. */
static bool acts_as_self(const struct fuse_req *req, const struct change *c)
{
	const struct passview *view = &pass_of(req)->view;
	gid_t group;

	return priv_is_self(passview_source(view, req->in->uid, false), passview_source(view, req->in->gid, true))
	       && !get_extra_group(req, &group) && !(c->mode & S_ISGID);
}

bool pass_may_by_mode(const struct fuse_req *req, uint64_t node, int fd, uint32_t wanted)
{
	struct vfs_stat st;
	uint32_t mode, either;
	bool told;

	if (vfs_stat(fd, true, &st) < 0)
		return false;
	told = !pass_of(req)->has_long_timeout || pass_told_access(req, node, fd, &st);
	pass_show(pass_of(req), &st);
	mode = st.attr.mode;
	either = told ? mode >> 3 | mode : mode >> 3 & mode;
	return ((st.attr.uid == req->in->uid ? mode >> 6 : either) & wanted) == wanted;
}

static bool can_change_names(const struct fuse_req *req, const struct change *c)
{
	for (int i = 0; i < c->ends; i++)
		if (!pass_may_by_mode(req, c->end[i].parent, c->end[i].dir, 3))
			return false;
	return !c->node || pass_may_by_mode(req, c->node, c->held, 6);
}

void pass_drop_attributes(const struct fuse_req *req, uint64_t node)
{
	struct fuse_notify_inval_inode_out what = { .ino = node, .off = -1 };

	fuse_notify(req->session, FUSE_NOTIFY_INVAL_INODE, &what, sizeof(what));
}

int pass_check_now(const struct fuse_req *req, uint64_t node, int fd, uint32_t wanted)
{
	uint32_t owner;

	if (!pass_of(req)->acts_as_callers || req->in->uid == 0 || pass_may_by_mode(req, node, fd, wanted)
	    || pass_asks_again(req, node, ".", &owner))
		return 0;
	pass_drop_attributes(req, node);
	return -ESTALE;
}

static bool is_rechecked(const struct fuse_req *req, const struct change *c, uint32_t owner[2])
{
	bool again = true;

	for (int i = 0; i < c->ends; i++)
		again &= pass_asks_again(req, c->end[i].parent, c->end[i].name, owner + i);
	for (int i = 0; i < c->ends && !again; i++)
		pass_drop_attributes(req, c->end[i].parent);
	if (!again && c->node)
		pass_drop_attributes(req, c->node);
	return again;
}

/* Whether the directory is sticky, so that SOURCE checks the owner of a file there. */
static bool is_sticky(int dir)
{
	struct vfs_stat st;

	return vfs_stat(dir, true, &st) < 0 || st.attr.mode & S_ISVTX;
}

/* The owner to act as, by the sticky directories among those of the one or two names; PASS_NOBODY: their
   files have different owners, and neither owner may remove the other's file. */
static uint32_t choose_owner(const struct change *c, const uint32_t owner[2])
{
	uint32_t chosen = PASS_NOBODY;

	for (int i = 0; i < c->ends; i++) {
		if (owner[i] == PASS_NOBODY || !is_sticky(c->end[i].dir))
			continue;
		if (chosen != PASS_NOBODY && chosen != owner[i])
			return PASS_NOBODY;
		chosen = owner[i];
	}
	return chosen != PASS_NOBODY ? chosen : owner[0];
}

/* The kernel has looked the names up again and checked the caller by the owners that the replies
   reported. Act as these owners, so that a file of another owner that has taken the name meanwhile
   stays. A name that was free must still be free. */
static int apply_rechecked_change(const struct fuse_req *req, struct change *c, const uint32_t owner[2], int err)
{
	const struct passview *view = &pass_of(req)->view;
	uint32_t chosen;

	if (pass_makes_file(req))
		return apply_change_as(req, c, passview_source(view, req->in->uid, false), PRIV_DAC);
	if (req->in->opcode == FUSE_LINK)
		return apply_change_as_self(req, c);
	if (c->ends == 2 && owner[1] == PASS_NOBODY && !(c->flags & EXCHANGE))
		c->flags |= NOREPLACE;
	chosen = choose_owner(c, owner);
	return chosen == PASS_NOBODY ? err : apply_change_as(req, c, chosen, PRIV_DAC);
}

/* ---- A change that a killed process may have made (fmount --keep) ---- */

static bool has_taken_effect(const struct fuse_req *req, const struct change *c, const uint64_t before[2], const uint64_t now[2])
{
	switch (req->in->opcode) {
	case FUSE_UNLINK:
	case FUSE_RMDIR:
		return before[0] && now[0] != before[0];
	case FUSE_RENAME:
	case FUSE_RENAME2:
		return before[0] && now[1] == before[0] && now[0] != before[0] && (!(c->flags & EXCHANGE) || now[0] == before[1]);
	case FUSE_LINK:
		return !before[0] && now[0] && now[0] == vfs_inode_at(c->held, "");
	default:
		return !before[0] && now[0];
	}
}

/* Whether the killed process has made the change. No other caller of the mount changes the name meanwhile:
   the kernel holds the directory's lock until the request is answered. */
static bool was_made(const struct fuse_req *req, const struct change *c)
{
	uint64_t now[2] = { 0, 0 }, before[2];

	if (!journal_is_on())
		return false;
	for (int i = 0; i < c->ends; i++)
		now[i] = vfs_inode_at(c->end[i].dir, c->end[i].name);
	return journal_begun(req, now, before) && has_taken_effect(req, c, before, now);
}

/* The result of a change that a process has made before it was killed. */
static int result_of_made(const struct fuse_req *req, const struct change *c)
{
	int held, fd;

	if (req->in->opcode != FUSE_CREATE)
		return 0;
	held = sys_openat(c->end->dir, c->end->name, O_PATH | O_NOFOLLOW, 0);
	fd = vfs_reopen(held, (int)c->flags & ~O_EXCL);
	if (held >= 0)
		sys_close(held);
	return fd;
}

/* Returns what apply_change() returns, a descriptor for some opcodes, or -errno. */
static int perform_change(struct fuse_req *req, struct change *c)
{
	const struct passfs *fs = pass_of(req);
	uid_t uid = passview_source(&fs->view, req->in->uid, false);
	uint32_t owner[2] = { PASS_NOBODY, PASS_NOBODY };
	bool makes = pass_makes_file(req);
	int err;

	for (int i = 0; i < c->ends; i++)
		if (c->end[i].dir < 0)
			return c->end[i].dir;
	if (was_made(req, c))
		return result_of_made(req, c);
	err = priv_use_reserve(req->in->uid == 0);
	if (err)
		return err;
	if (makes)
		vfs_umask(c->umask);
	if (!fs->acts_as_callers || c->as_self || (req->in->uid == 0 && !makes && !(c->flags & WHITEOUT)))
		return apply_change_as_self(req, c);
	if (req->in->uid == 0)
		return acts_as_self(req, c) ? apply_change_as_self(req, c) : apply_change_as(req, c, uid, PRIV_ALL);
	err = apply_change_as(req, c, uid, 0);
	if (err == -EACCES && can_change_names(req, c))
		err = apply_change_as(req, c, uid, PRIV_DAC);
	if (err != -EACCES && err != -EPERM)
		return err;
	return is_rechecked(req, c, owner) ? apply_rechecked_change(req, c, owner, err) : -ESTALE;
}

/* perform_change() for a request that makes a name. */
static int perform_creation(struct fuse_req *req, struct change *c)
{
	int spare, err = c->end->dir < 0 ? c->end->dir : pass_reserve(req, c->end->dir, &spare);

	if (err)
		return err;
	err = perform_change(req, c);
	if (spare >= 0)
		sys_close(spare);
	return err;
}

static int perform_and_lookup(struct fuse_req *req, struct change *c)
{
	int err = perform_creation(req, c);

	return err ? err : pass_lookup(req, c->end->parent, c->end->name);
}

static struct change init_change(const struct fuse_req *req, uint64_t parent, const char *name, int hidden)
{
	return (struct change) { .end = { { parent, name, pass_dir(req, parent, name, hidden) } }, .ends = 1 };
}

int pass_mknod(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mknod_in *in)
{
	struct change c = init_change(req, parent, name, -EPERM);

	c.mode = pass_made_mode(req, in->mode);
	c.device = in->rdev;
	c.umask = in->umask;
	/* SOURCE lets only root create a device, except overlayfs's whiteout (0:0). The kernel has
	   checked the caller's CAP_MKNOD. */
	c.as_self = (S_ISCHR(in->mode) && in->rdev) || S_ISBLK(in->mode);
	return perform_and_lookup(req, &c);
}

int pass_mkdir(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_mkdir_in *in)
{
	struct change c = init_change(req, parent, name, -EPERM);

	c.mode = in->mode;
	c.umask = in->umask;
	return perform_and_lookup(req, &c);
}

int pass_symlink(struct fuse_req *req, uint64_t parent, const char *name, const char *target)
{
	struct change c = init_change(req, parent, name, -EPERM);

	c.target = target;
	return perform_and_lookup(req, &c);
}

int pass_link(struct fuse_req *req, uint64_t node, uint64_t parent, const char *name)
{
	struct change c = init_change(req, parent, name, -EPERM);

	c.held = pass_fd(req, node);
	c.node = node;
	return c.held < 0 ? c.held : perform_and_lookup(req, &c);
}

/* Also serves RMDIR. */
int pass_unlink(struct fuse_req *req, uint64_t parent, const char *name)
{
	struct change c = init_change(req, parent, name, -ENOENT);

	return perform_change(req, &c);
}

int pass_rename(struct fuse_req *req, uint64_t parent, const char *name, uint64_t new_parent,
		const char *new_name, uint32_t flags)
{
	struct change c = init_change(req, parent, name, -ENOENT);
	int err;

	/* pass_leads_out() judges a link by the directory in which it was found. */
	if (pass_of(req)->no_symlinks_out && parent != new_parent)
		return -EXDEV;
	c.end[1] = (struct end) { new_parent, new_name, pass_dir(req, new_parent, new_name, -EPERM) };
	c.ends = 2;
	c.flags = flags;
	err = perform_change(req, &c);
	if (!err) {
		/* No reply has reported what these names are now. */
		pass_name_told(req, parent, name, PASS_NOBODY);
		pass_name_told(req, new_parent, new_name, PASS_NOBODY);
	}
	return err;
}

int pass_tmpfile_new(struct fuse_req *req, uint64_t parent, const struct fuse_create_in *in, int flags)
{
	struct change c = init_change(req, parent, ".", -EPERM);

	c.mode = pass_made_mode(req, in->mode);
	c.umask = in->umask;
	c.flags = (uint32_t)flags | (in->flags & O_EXCL);
	return perform_creation(req, &c);
}

int pass_create_new(struct fuse_req *req, uint64_t parent, const char *name, const struct fuse_create_in *in, int flags)
{
	struct change c = init_change(req, parent, name, -EPERM);
	uint32_t owner;
	int fd;

	c.mode = pass_made_mode(req, in->mode);
	c.umask = in->umask;
	c.flags = (uint32_t)flags | (in->flags & O_EXCL);
	fd = perform_creation(req, &c);
	if (fd != -EEXIST || in->flags & O_EXCL)
		return fd;
	/* ESTALE makes the kernel look the name up once more and check the file that it finds. */
	return pass_asks_again(req, parent, name, &owner) ? -EBUSY : -ESTALE;
}
