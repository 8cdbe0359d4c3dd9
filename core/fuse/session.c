/* SPDX-License-Identifier: MIT */
/* session: negotiate INIT. See session.h. */
#include "fuse/session.h"

#include <errno.h>
#include <string.h>

enum {
	OLDEST_MINOR = 12,		/* umask in CREATE, MKNOD and MKDIR: kernel 2.6.31 */
	SMALLEST_PAGE = 4096,
	LARGE_WRITE = 128 * 1024,	/* a larger one needs FUSE_MAX_PAGES */
};

void *fuse_session_fs(const struct fuse_session *session)
{
	return session->fs;
}

uint32_t fuse_session_minor(const struct fuse_session *session)
{
	return session->minor;
}

bool fuse_prefer_dev(struct fuse_session *session)
{
	if (session->transport == FUSE_TRANSPORT_URING)
		return false;
	session->transport = FUSE_TRANSPORT_DEV;
	return true;
}

uint32_t session_max_write(const struct fuse_ops *ops)
{
	if (ops->max_write)
		return ops->max_write < SMALLEST_PAGE ? SMALLEST_PAGE : ops->max_write;
	return ops->write ? LARGE_WRITE : SMALLEST_PAGE;
}

/* The flags to request: ops->want, and those that the operations imply. */
static uint64_t wanted(const struct fuse_ops *ops)
{
	uint64_t flags = FUSE_ASYNC_READ | FUSE_ABORT_ERROR | FUSE_PARALLEL_DIROPS | ops->want;

	if (ops->write)
		flags |= FUSE_BIG_WRITES | FUSE_MAX_PAGES;
	if (ops->readdir && ops->attr)
		flags |= FUSE_DO_READDIRPLUS;
	if (ops->setxattr)
		flags |= FUSE_SETXATTR_EXT;
	if (ops->immutable)
		flags |= FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT | FUSE_CACHE_SYMLINKS
			 | FUSE_EXPLICIT_INVAL_DATA;
	return flags;
}

/* flags2 is valid only if the kernel sets FUSE_INIT_EXT. */
static uint64_t offered(const struct fuse_init_in *in, uint32_t data_size)
{
	if (!(in->flags & FUSE_INIT_EXT) || data_size < sizeof(*in) - FUSE_INIT_SHORT)
		return in->flags & ~(uint64_t)FUSE_INIT_EXT;
	return in->flags | (uint64_t)in->flags2 << 32;
}

uint32_t session_pages(const struct fuse_session *s, uint32_t bytes)
{
	uint32_t n = bytes / s->page + (bytes % s->page != 0);

	return n > UINT16_MAX ? UINT16_MAX : n;
}

static uint32_t reply_size(uint32_t minor)
{
	if (minor < 5)
		return FUSE_COMPAT_INIT_OUT_SIZE;
	if (minor < 23)
		return FUSE_COMPAT_22_INIT_OUT_SIZE;
	return sizeof(struct fuse_init_out);
}

static void reply(struct fuse_req *req, uint32_t minor)
{
	struct fuse_session *s = req->session;
	struct fuse_init_out *out = &req->reply.body.init;

	memset(out, 0, sizeof(*out));
	out->major = FUSE_KERNEL_VERSION;
	out->minor = minor;
	out->max_readahead = s->max_readahead;
	out->flags = (uint32_t)s->flags;
	out->flags2 = (uint32_t)(s->flags >> 32);
	out->max_write = s->max_write;
	out->time_gran = 1;
	out->max_stack_depth = s->flags & FUSE_PASSTHROUGH ? s->ops->backing_depth : 0;
	out->request_timeout = s->flags & FUSE_REQUEST_TIMEOUT ? s->request_timeout : 0;
	out->max_pages = s->flags & FUSE_MAX_PAGES ? (uint16_t)session_pages(s, s->max_write) : 0;
	req->reply.body_size = reply_size(minor);
}

/* init_size comes last: a process that is killed before leaves no INIT. */
static void keep_init(const struct fuse_req *req)
{
	struct fuse_resume *kept = req->session->kept;
	size_t size = FUSE_INIT_SHORT + (size_t)req->data_size, room = sizeof(kept->init) - sizeof(*req->in);

	size = size < room ? size : room;
	memcpy(kept->init, req->in, sizeof(*req->in));
	memcpy(kept->init + sizeof(*req->in), req->arg, size);
	memcpy(kept->reply, &req->reply.body.init, req->reply.body_size);
	kept->reply_size = req->reply.body_size;
	__atomic_store_n(&kept->init_size, (uint32_t)(sizeof(*req->in) + size), __ATOMIC_RELEASE);
}

int session_resume(struct fuse_session *s)
{
	const struct fuse_resume *kept = s->kept;
	struct fuse_init_in in = { .major = 0 };
	struct fuse_init_out out = { .major = 0 };
	size_t head = sizeof(struct fuse_in_header), size = kept->init_size - head;

	if (kept->init_size < head + FUSE_INIT_SHORT || kept->init_size > sizeof(kept->init) || kept->reply_size > sizeof(out))
		return -ENODATA;
	memcpy(&in, kept->init + head, size < sizeof(in) ? size : sizeof(in));
	memcpy(&out, kept->reply, kept->reply_size);
	s->minor = out.minor;
	s->offered = offered(&in, (uint32_t)size - FUSE_INIT_SHORT);
	s->flags = out.flags | (out.flags & FUSE_INIT_EXT ? (uint64_t)out.flags2 << 32 : 0);
	s->max_readahead = out.max_readahead;
	s->max_write = out.max_write;
	if (s->max_write > session_max_write(s->ops))
		return -EPROTO;
	s->phase = FUSE_ANSWERED;
	return 0;
}

int session_init(struct fuse_req *req, const struct fuse_init_in *in)
{
	struct fuse_session *s = req->session;

	if (!s->page)
		s->page = SMALLEST_PAGE;
	if (in->major < FUSE_KERNEL_VERSION
	    || (in->major == FUSE_KERNEL_VERSION && in->minor < OLDEST_MINOR))
		return -EPROTO;
	if (in->major > FUSE_KERNEL_VERSION) {
		/* Reply with our version; a kernel that supports it sends INIT again. */
		s->flags = 0;
		s->max_readahead = 0;
		reply(req, FUSE_KERNEL_MINOR_VERSION);
		return 0;
	}
	s->minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor : FUSE_KERNEL_MINOR_VERSION;
	s->offered = offered(in, req->data_size);
	s->flags = (wanted(s->ops) | (s->request_timeout ? FUSE_REQUEST_TIMEOUT : 0)) & s->offered;
	/* The kernel ends a connection that asks for it without default_permissions. */
	if (!s->kernel_checks)
		s->flags &= ~FUSE_ALLOW_IDMAP;
	if (s->flags >> 32)
		s->flags |= FUSE_INIT_EXT;
	s->max_readahead = in->max_readahead;
	s->max_write = session_max_write(s->ops);
	if (!(s->flags & FUSE_MAX_PAGES) && s->max_write > LARGE_WRITE)
		s->max_write = LARGE_WRITE;
	/* The rings need max_write, so this comes last. */
	if (s->offer_uring && s->offered & FUSE_OVER_IO_URING && s->offer_uring(s))
		s->flags |= FUSE_OVER_IO_URING | FUSE_INIT_EXT;
	reply(req, s->minor);
	if (s->kept)
		keep_init(req);
	s->phase = FUSE_ANSWERED;
	return 0;
}
