/* SPDX-License-Identifier: MIT */
/* dispatch: see dispatch.h. */
#include "fuse/dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fuse/proto.h"
#include "fuse/session.h"

/* The result of an operation that the file system does not have. */
static int absent(const struct fuse_req *req)
{
	switch (req->in->opcode) {
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		return 0;
	case FUSE_SETATTR: case FUSE_SYMLINK: case FUSE_MKNOD: case FUSE_MKDIR: case FUSE_UNLINK:
	case FUSE_RMDIR: case FUSE_RENAME: case FUSE_RENAME2: case FUSE_LINK: case FUSE_WRITE:
	case FUSE_CREATE: case FUSE_TMPFILE: case FUSE_FALLOCATE:
		return req->session->ops->immutable ? -EROFS : -ENOSYS;
	default:
		return -ENOSYS;
	}
}

#define CALL(op, ...) (ops->op ? ops->op(__VA_ARGS__) : absent(req))

static int getattr(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	struct fuse_attr_out *out = &req->reply.body.attr;
	int err = CALL(attr, req, req->in->nodeid, &out->attr);

	fuse_keep_attr_for(req, &out->attr_valid, &out->attr_valid_nsec);
	out->dummy = 0;
	req->reply.body_size = sizeof(*out);
	return err;
}

static int setattr(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	int err = CALL(setattr, req, req->in->nodeid, req->arg);

	return err ? err : getattr(req);
}

static int statx(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	struct fuse_statx_out *out = &req->reply.body.statx;
	int err;

	memset(out, 0, sizeof(*out));
	/* After -ENOSYS the kernel sends GETATTR instead. */
	err = CALL(statx, req, req->in->nodeid, req->arg, &out->stat);
	fuse_keep_attr_for(req, &out->attr_valid, &out->attr_valid_nsec);
	req->reply.body_size = sizeof(*out);
	return err;
}

static int lookup(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	int err = CALL(lookup, req, req->in->nodeid, req->name[0]);

	/* An immutable file system replies with a negative dentry, which the kernel may cache. */
	return err == -ENOENT && ops->immutable ? fuse_entry(req, 0) : err;
}

/* For a file system without an open operation. After -ENOSYS the kernel treats this and
   all later opens as successful, without a request, and keeps its page cache. Only for a
   read-only mount: otherwise any user could write to the page cache through a shared mapping. */
static int opened_by_kernel(struct fuse_req *req, uint64_t kernel_can, uint32_t cache)
{
	const struct fuse_session *s = req->session;
	const struct fuse_open_in *in = req->arg;

	if (s->ops->immutable && s->read_only && (s->offered & kernel_can))
		return -ENOSYS;
	if (s->ops->immutable && (in->flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	return fuse_opened(req, 0, s->ops->immutable ? cache : 0);
}

static int open_node(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	bool dir = req->in->opcode == FUSE_OPENDIR;
	int (*open)(struct fuse_req *, uint64_t, uint32_t) = dir ? ops->opendir : ops->open;

	if (open)
		return open(req, req->in->nodeid, ((const struct fuse_open_in *)req->arg)->flags);
	return dir ? opened_by_kernel(req, FUSE_NO_OPENDIR_SUPPORT,
				      FOPEN_KEEP_CACHE | FOPEN_CACHE_DIR)
		   : opened_by_kernel(req, FUSE_NO_OPEN_SUPPORT, FOPEN_KEEP_CACHE);
}

static int readdir(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	const struct fuse_read_in *in = req->arg;

	req->wanted = in->size < req->space_size ? in->size : req->space_size;
	return CALL(readdir, req, req->in->nodeid, in->offset);
}

static int statfs(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	struct fuse_kstatfs *stat = &req->reply.body.statfs.st;

	memset(stat, 0, sizeof(*stat));
	stat->bsize = stat->frsize = 4096;
	stat->namelen = 255;
	req->reply.body_size = sizeof(struct fuse_statfs_out);
	return ops->statfs ? ops->statfs(req, req->in->nodeid, stat) : 0;
}

static int rename_node(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	const struct fuse_rename2_in *in = req->arg;	/* struct fuse_rename_in begins with the same member */
	uint32_t flags = req->in->opcode == FUSE_RENAME2 ? in->flags : 0;

	return CALL(rename, req, req->in->nodeid, req->name[0], in->newdir, req->name[1], flags);
}

static int forget(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	const struct fuse_forget_in *one = req->arg;
	const struct fuse_batch_forget_in *batch = req->arg;
	const struct fuse_forget_one *each = req->data;

	if (!ops->forget)
		return 0;
	if (req->in->opcode == FUSE_FORGET) {
		req->counted = (uint64_t *)&one->nlookup;
		ops->forget(req, req->in->nodeid, one->nlookup);
		return 0;
	}
	for (uint32_t i = 0; i < batch->count; i++) {
		req->counted = (uint64_t *)&each[i].nlookup;
		ops->forget(req, each[i].nodeid, each[i].nlookup);
	}
	return 0;
}

static int destroy(struct fuse_req *req)
{
	if (req->session->ops->destroy)
		req->session->ops->destroy(req->session);
	__atomic_store_n(&req->session->phase, FUSE_ENDED, __ATOMIC_RELAXED);
	return 0;
}

/* Newer kernels send a longer structure: pad a short one with zeros. */
static int init(struct fuse_req *req)
{
	struct fuse_init_in in = { .major = 0 };
	size_t size = FUSE_INIT_SHORT + (size_t)req->data_size;

	memcpy(&in, req->arg, size < sizeof(in) ? size : sizeof(in));
	return session_init(req, &in);
}

static int run(struct fuse_req *req)
{
	const struct fuse_ops *ops = req->session->ops;
	const uint64_t node = req->in->nodeid;

	switch (req->in->opcode) {
	case FUSE_GETATTR:	return getattr(req);
	case FUSE_LOOKUP:	return lookup(req);
	case FUSE_READ: {
		const struct fuse_read_in *in = req->arg;
		return CALL(read, req, node, in->offset, in->size);
	}
	case FUSE_WRITE:	return CALL(write, req, node, req->arg);
	case FUSE_OPEN:
	case FUSE_OPENDIR:	return open_node(req);
	case FUSE_READDIR:
	case FUSE_READDIRPLUS:	return readdir(req);
	case FUSE_FLUSH:	return CALL(flush, req, node, req->arg);
	case FUSE_RELEASE:	return CALL(release, req, node, req->arg);
	case FUSE_RELEASEDIR:	return CALL(releasedir, req, node, req->arg);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:	return forget(req);
	case FUSE_STATX:	return statx(req);
	case FUSE_SETATTR:	return setattr(req);
	case FUSE_READLINK:	return CALL(readlink, req, node);
	case FUSE_SYMLINK:	return CALL(symlink, req, node, req->name[0], req->name[1]);
	case FUSE_MKNOD:	return CALL(mknod, req, node, req->name[0], req->arg);
	case FUSE_MKDIR:	return CALL(mkdir, req, node, req->name[0], req->arg);
	case FUSE_UNLINK:	return CALL(unlink, req, node, req->name[0]);
	case FUSE_RMDIR:	return CALL(rmdir, req, node, req->name[0]);
	case FUSE_RENAME:
	case FUSE_RENAME2:	return rename_node(req);
	case FUSE_LINK:
		return CALL(link, req, ((const struct fuse_link_in *)req->arg)->oldnodeid, node,
			    req->name[0]);
	case FUSE_CREATE:	return CALL(create, req, node, req->name[0], req->arg);
	case FUSE_TMPFILE:	return CALL(tmpfile, req, node, req->arg);
	case FUSE_STATFS:	return statfs(req);
	case FUSE_FSYNC:	return CALL(fsync, req, node, req->arg);
	case FUSE_FSYNCDIR:	return CALL(fsyncdir, req, node, req->arg);
	case FUSE_SETXATTR:	return CALL(setxattr, req, node, req->name[0], req->arg);
	case FUSE_GETXATTR:
		return CALL(getxattr, req, node, req->name[0],
			    ((const struct fuse_getxattr_in *)req->arg)->size);
	case FUSE_LISTXATTR:
		return CALL(listxattr, req, node, ((const struct fuse_getxattr_in *)req->arg)->size);
	case FUSE_REMOVEXATTR:	return CALL(removexattr, req, node, req->name[0]);
	case FUSE_GETLK:	return CALL(getlk, req, node, req->arg);
	case FUSE_SETLK:	return CALL(setlk, req, node, req->arg, false);
	case FUSE_SETLKW:	return CALL(setlk, req, node, req->arg, true);
	case FUSE_ACCESS:
		return CALL(access, req, node, ((const struct fuse_access_in *)req->arg)->mask);
	case FUSE_BMAP:		return CALL(bmap, req, node, req->arg);
	case FUSE_IOCTL:	return CALL(ioctl, req, node, req->arg);
	case FUSE_POLL:		return CALL(poll, req, node, req->arg);
	case FUSE_FALLOCATE:	return CALL(fallocate, req, node, req->arg);
	case FUSE_LSEEK:	return CALL(lseek, req, node, req->arg);
	case FUSE_COPY_FILE_RANGE:
	case FUSE_COPY_FILE_RANGE_64:
		return CALL(copy_file_range, req, node, req->arg);
	case FUSE_SYNCFS:	return CALL(syncfs, req);
	case FUSE_INTERRUPT:
		if (!ops->interrupt)
			return -ENOSYS;	/* then the kernel sends no more INTERRUPTs */
		ops->interrupt(req, ((const struct fuse_interrupt_in *)req->arg)->unique);
		return 0;
	case FUSE_NOTIFY_REPLY:
		if (ops->notify_reply)
			ops->notify_reply(req, req->arg);
		return 0;
	case FUSE_DESTROY:	return destroy(req);
	case FUSE_INIT:		return init(req);
	default:		return -ENOSYS;	/* SETUPMAPPING, REMOVEMAPPING: virtiofs only */
	}
}

static bool takes_reply(const struct fuse_req *req, int err)
{
	switch (req->in->opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_NOTIFY_REPLY:
		return false;
	case FUSE_INTERRUPT:
		return err != 0;
	default:
		return true;
	}
}

/* An error reply consists of the header alone. The kernel rejects errors below -511. */
static void finish(struct fuse_req *req, int err)
{
	struct fuse_reply *r = &req->reply;

	if (err)
		r->body_size = r->data_size = 0;
	r->header.unique = req->in->unique;
	r->header.error = err <= 0 && err > -512 ? err : -EIO;
	r->header.len = (uint32_t)sizeof(r->header) + r->body_size + r->data_size;
}

bool dispatch_decoded(struct fuse_req *req, int decoded)
{
	const struct fuse_session *s = req->session;
	int err = decoded;

	req->reply.body_size = req->reply.data_size = 0;
	if (!err && __atomic_load_n(&s->phase, __ATOMIC_RELAXED) == FUSE_STARTING && req->in->opcode != FUSE_INIT)
		err = -EIO;
	if (!err && s->ops->begins)
		s->ops->begins(req);
	if (!err)
		err = run(req);
	if (err == FUSE_LATER)
		return false;
	finish(req, err);
	return takes_reply(req, err);
}

bool dispatch(struct fuse_req *req, const void *bytes, size_t size)
{
	int decoded = proto_decode(req, bytes, size);

	return decoded != -EBADMSG && dispatch_decoded(req, decoded);
}

static void forget_one(struct fuse_req *req, uint64_t node)
{
	if (node && req->session->ops->forget)
		req->session->ops->forget(req, node, 1);
}

static void forget_entries(struct fuse_req *req)
{
	const struct fuse_reply *r = &req->reply;
	const struct fuse_direntplus *p;

	for (uint32_t at = 0; at + FUSE_NAME_OFFSET_DIRENTPLUS < r->data_size; at += (uint32_t)FUSE_DIRENTPLUS_SIZE(p)) {
		p = (const void *)((const char *)r->data + at);
		forget_one(req, p->entry_out.nodeid);
	}
}

static void release_opened(struct fuse_req *req, uint64_t node, const struct fuse_open_out *opened, uint32_t flags)
{
	const struct fuse_ops *ops = req->session->ops;
	const struct fuse_release_in in = { .fh = opened->fh, .flags = flags };

	if (req->in->opcode == FUSE_OPENDIR)
		(void)CALL(releasedir, req, node, &in);
	else
		(void)CALL(release, req, node, &in);
}

void dispatch_take_back(struct fuse_req *req)
{
	const struct fuse_reply reply = req->reply;

	if (reply.header.error)
		return;
	switch (req->in->opcode) {
	case FUSE_OPEN: case FUSE_OPENDIR:
		release_opened(req, req->in->nodeid, &reply.body.open, ((const struct fuse_open_in *)req->arg)->flags);
		break;
	case FUSE_CREATE: case FUSE_TMPFILE:
		release_opened(req, reply.body.entry.entry.nodeid, &reply.body.entry.open,
			       ((const struct fuse_create_in *)req->arg)->flags);
		/* fall through */
	case FUSE_LOOKUP: case FUSE_MKNOD: case FUSE_MKDIR: case FUSE_SYMLINK: case FUSE_LINK:
		forget_one(req, reply.body.entry.entry.nodeid);
		break;
	case FUSE_READDIRPLUS:
		forget_entries(req);
		break;
	}
}

int dispatch_pieces(struct fuse_req *req, struct iovec piece[2])
{
	struct fuse_reply *r = &req->reply;

	piece[0].iov_base = r;
	piece[0].iov_len = sizeof(r->header) + r->body_size;
	piece[1].iov_base = (void *)r->data;
	piece[1].iov_len = r->data_size;
	return r->data_size ? 2 : 1;
}
