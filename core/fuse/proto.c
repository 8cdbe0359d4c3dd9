/* SPDX-License-Identifier: MIT */
/* proto: names, sizes and shapes of requests. See proto.h. */
#include "fuse/proto.h"

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "fuse/session.h"

/* The parts that follow each opcode's header: a structure of so many bytes (0:
   none), so many names, then data. In the order of the opcodes. For INIT, the
   16 bytes that all versions send: members that 7.36 added are data. */
#define REQUESTS(X) \
	X(LOOKUP, 0, 1) \
	X(FORGET, sizeof(struct fuse_forget_in), 0) \
	X(GETATTR, sizeof(struct fuse_getattr_in), 0) \
	X(SETATTR, sizeof(struct fuse_setattr_in), 0) \
	X(READLINK, 0, 0) \
	X(SYMLINK, 0, 2) \
	X(MKNOD, sizeof(struct fuse_mknod_in), 1) \
	X(MKDIR, sizeof(struct fuse_mkdir_in), 1) \
	X(UNLINK, 0, 1) \
	X(RMDIR, 0, 1) \
	X(RENAME, sizeof(struct fuse_rename_in), 2) \
	X(LINK, sizeof(struct fuse_link_in), 1) \
	X(OPEN, sizeof(struct fuse_open_in), 0) \
	X(READ, sizeof(struct fuse_read_in), 0) \
	X(WRITE, sizeof(struct fuse_write_in), 0) \
	X(STATFS, 0, 0) \
	X(RELEASE, sizeof(struct fuse_release_in), 0) \
	X(FSYNC, sizeof(struct fuse_fsync_in), 0) \
	X(SETXATTR, sizeof(struct fuse_setxattr_in), 1) \
	X(GETXATTR, sizeof(struct fuse_getxattr_in), 1) \
	X(LISTXATTR, sizeof(struct fuse_getxattr_in), 0) \
	X(REMOVEXATTR, 0, 1) \
	X(FLUSH, sizeof(struct fuse_flush_in), 0) \
	X(INIT, 16, 0) \
	X(OPENDIR, sizeof(struct fuse_open_in), 0) \
	X(READDIR, sizeof(struct fuse_read_in), 0) \
	X(RELEASEDIR, sizeof(struct fuse_release_in), 0) \
	X(FSYNCDIR, sizeof(struct fuse_fsync_in), 0) \
	X(GETLK, sizeof(struct fuse_lk_in), 0) \
	X(SETLK, sizeof(struct fuse_lk_in), 0) \
	X(SETLKW, sizeof(struct fuse_lk_in), 0) \
	X(ACCESS, sizeof(struct fuse_access_in), 0) \
	X(CREATE, sizeof(struct fuse_create_in), 1) \
	X(INTERRUPT, sizeof(struct fuse_interrupt_in), 0) \
	X(BMAP, sizeof(struct fuse_bmap_in), 0) \
	X(DESTROY, 0, 0) \
	X(IOCTL, sizeof(struct fuse_ioctl_in), 0) \
	X(POLL, sizeof(struct fuse_poll_in), 0) \
	X(NOTIFY_REPLY, sizeof(struct fuse_notify_retrieve_in), 0) \
	X(BATCH_FORGET, sizeof(struct fuse_batch_forget_in), 0) \
	X(FALLOCATE, sizeof(struct fuse_fallocate_in), 0) \
	X(READDIRPLUS, sizeof(struct fuse_read_in), 0) \
	X(RENAME2, sizeof(struct fuse_rename2_in), 2) \
	X(LSEEK, sizeof(struct fuse_lseek_in), 0) \
	X(COPY_FILE_RANGE, sizeof(struct fuse_copy_file_range_in), 0) \
	X(SETUPMAPPING, sizeof(struct fuse_setupmapping_in), 0) \
	X(REMOVEMAPPING, sizeof(struct fuse_removemapping_in), 0) \
	X(SYNCFS, sizeof(struct fuse_syncfs_in), 0) \
	X(TMPFILE, sizeof(struct fuse_create_in), 1) \
	X(STATX, sizeof(struct fuse_statx_in), 0) \
	X(COPY_FILE_RANGE_64, sizeof(struct fuse_copy_file_range_in), 0)

/* names: their number plus one, so that 0 marks an unused opcode. */
struct shape { uint8_t arg, names; };

static const struct shape shapes[] = {
#define ROW(name, arg, names) [FUSE_##name] = { (uint8_t)(arg), (names) + 1 },
	REQUESTS(ROW)
#undef ROW
};

enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

/* Only for messages, so a linear search will do: it takes half the space of a pointer table. */
static const char request_names[] =
#define ROW(name, arg, names) #name "\0"
	REQUESTS(ROW);
#undef ROW

static const struct shape *shape_of(uint32_t opcode)
{
	return opcode < SHAPES && shapes[opcode].names ? &shapes[opcode] : NULL;
}

const char *proto_name(uint32_t opcode)
{
	const char *name = request_names;

	if (!shape_of(opcode))
		return "?";
	while (opcode--)
		if (shapes[opcode].names)
			name += strlen(name) + 1;
	return name;
}

/* The size of the structure in bytes, which can depend on INIT's flags. */
static size_t arg_size(const struct fuse_req *req, const struct shape *shape)
{
	if (req->in->opcode == FUSE_SETXATTR && !(req->session->flags & FUSE_SETXATTR_EXT))
		return FUSE_COMPAT_SETXATTR_IN_SIZE;
	return shape->arg;
}

/* The part of a request that is not decoded yet. */
struct rest { const char *at; size_t size; };

/* Most names are short: one loop by bytes costs less than memchr(3) and strchr(3). */
static bool take_name(struct rest *rest, const char **name, bool *has_slash)
{
	const char *start = rest->at;

	*has_slash = false;
	for (; rest->size; rest->size--) {
		char c = *rest->at++;

		*has_slash |= c == '/';
		if (!c) {
			rest->size--;
			*name = start;
			return true;
		}
	}
	return false;
}

/* A name must be one component of a path. Exceptions: for TMPFILE the kernel sends
   "/", a symbolic link's target may be any string, and an extended attribute's
   name any string but the empty one. */
static bool is_name_allowed(const struct fuse_req *req, int which, bool has_slash)
{
	const char *name = req->name[which];

	if (req->in->opcode == FUSE_TMPFILE)
		return true;
	switch (req->in->opcode) {
	case FUSE_SYMLINK:
		if (which == 1)
			return true;
		break;
	case FUSE_GETXATTR: case FUSE_SETXATTR: case FUSE_REMOVEXATTR:
		return *name != '\0';
	}
	return *name && !has_slash;
}

static bool take_names(struct fuse_req *req, struct rest *rest, int names)
{
	bool has_slash;

	for (int i = 0; i < names; i++)
		if (!take_name(rest, &req->name[i], &has_slash) || !is_name_allowed(req, i, has_slash))
			return false;
	return true;
}

/* Whether the request has as much data as its structure announces. */
static bool is_data_complete(const struct fuse_req *req)
{
	size_t size = req->data_size;

	switch (req->in->opcode) {
	case FUSE_WRITE:
		return size >= ((const struct fuse_write_in *)req->arg)->size;
	case FUSE_SETXATTR:
		return size >= ((const struct fuse_setxattr_in *)req->arg)->size;
	case FUSE_IOCTL:
		return size >= ((const struct fuse_ioctl_in *)req->arg)->in_size;
	case FUSE_NOTIFY_REPLY:
		return size >= ((const struct fuse_notify_retrieve_in *)req->arg)->size;
	case FUSE_BATCH_FORGET:
		return size / sizeof(struct fuse_forget_one)
		       >= ((const struct fuse_batch_forget_in *)req->arg)->count;
	case FUSE_REMOVEMAPPING:
		return size / sizeof(struct fuse_removemapping_one)
		       >= ((const struct fuse_removemapping_in *)req->arg)->count;
	default:
		return true;
	}
}

/* Extensions are the last part of a request; the header gives their size in units of 8 bytes. */
static bool take_extensions(struct fuse_req *req, struct rest *rest)
{
	size_t size = (size_t)req->in->total_extlen * 8;

	if (!size)
		return true;
	if (size > rest->size)
		return false;
	rest->size -= size;
	req->ext = rest->at + rest->size;
	req->ext_size = (uint32_t)size;
	return true;
}

static int take_payload(struct fuse_req *req, const struct shape *shape, struct rest rest)
{
	if (!take_extensions(req, &rest) || !take_names(req, &rest, shape->names - 1))
		return -EINVAL;
	req->data = rest.at;
	req->data_size = (uint32_t)rest.size;
	return is_data_complete(req) ? 0 : -EINVAL;
}

static void reset_request(struct fuse_req *req, const struct fuse_in_header *in)
{
	req->in = in;
	req->arg = req->data = req->ext = NULL;
	req->name[0] = req->name[1] = NULL;
	req->data_size = req->ext_size = req->generation = 0;
	req->brief = false;
}

int proto_decode_parts(struct fuse_req *req, const struct fuse_in_header *in,
		       const void *arg, size_t size, const void *payload, size_t payload_size)
{
	const struct shape *shape = shape_of(in->opcode);

	reset_request(req, in);
	if (!shape)
		return -ENOSYS;
	if (size < arg_size(req, shape))
		return -EINVAL;
	req->arg = arg;
	return take_payload(req, shape, (struct rest) { payload, payload_size });
}

int proto_decode(struct fuse_req *req, const void *bytes, size_t size)
{
	const struct fuse_in_header *in = bytes;
	const struct shape *shape;
	const char *arg = (const char *)(in + 1);
	size_t need;

	if (size < sizeof(*in) || in->len < sizeof(*in))
		return -EBADMSG;
	reset_request(req, in);
	if (in->len > size)
		return -EINVAL;
	shape = shape_of(in->opcode);
	if (!shape)
		return -ENOSYS;
	size = in->len - sizeof(*in);
	need = arg_size(req, shape);
	if (size < need)
		return -EINVAL;
	req->arg = arg;
	return take_payload(req, shape, (struct rest) { arg + need, size - need });
}

static void show_range(struct out *to, uint64_t offset, uint64_t size)
{
	out_fmt(to, " offset %llu size %llu", (unsigned long long)offset, (unsigned long long)size);
}

static void show_arg(const struct fuse_req *req, struct out *to)
{
	switch (req->in->opcode) {
	case FUSE_INIT: {
		const struct fuse_init_in *in = req->arg;
		out_fmt(to, " %u.%u flags 0x%x readahead %u", in->major, in->minor, in->flags,
			in->max_readahead);
		break;
	}
	case FUSE_READ: case FUSE_READDIR: case FUSE_READDIRPLUS: {
		const struct fuse_read_in *in = req->arg;
		show_range(to, in->offset, in->size);
		break;
	}
	case FUSE_WRITE: {
		const struct fuse_write_in *in = req->arg;
		show_range(to, in->offset, in->size);
		break;
	}
	case FUSE_FORGET:
		out_fmt(to, " lookups %llu",
			(unsigned long long)((const struct fuse_forget_in *)req->arg)->nlookup);
		break;
	case FUSE_BATCH_FORGET:
		out_fmt(to, " nodes %u", ((const struct fuse_batch_forget_in *)req->arg)->count);
		break;
	case FUSE_OPEN: case FUSE_OPENDIR:
		out_fmt(to, " flags 0%o", ((const struct fuse_open_in *)req->arg)->flags);
		break;
	case FUSE_ACCESS:
		out_fmt(to, " mask %u", ((const struct fuse_access_in *)req->arg)->mask);
		break;
	case FUSE_SETATTR:
		out_fmt(to, " valid 0x%x", ((const struct fuse_setattr_in *)req->arg)->valid);
		break;
	case FUSE_GETXATTR: case FUSE_LISTXATTR:
		out_fmt(to, " size %u", ((const struct fuse_getxattr_in *)req->arg)->size);
		break;
	case FUSE_INTERRUPT:
		out_fmt(to, " unique %llu",
			(unsigned long long)((const struct fuse_interrupt_in *)req->arg)->unique);
		break;
	}
}

void proto_show_request(const struct fuse_req *req, struct out *to)
{
	out_fmt(to, "%llu %s", (unsigned long long)req->in->unique, proto_name(req->in->opcode));
	if (!shape_of(req->in->opcode))
		out_fmt(to, " (opcode %u)", req->in->opcode);
	out_fmt(to, " node %llu", (unsigned long long)req->in->nodeid);
	for (int i = 0; i < 2 && req->name[i]; i++)
		out_fmt(to, " \"%s\"", req->name[i]);
	if (req->arg)
		show_arg(req, to);
	out_fmt(to, " pid %u", req->in->pid);
}

void proto_show_reply(const struct fuse_req *req, struct out *to)
{
	if (req->reply.header.error)
		out_str(to, msg_errno_name(req->reply.header.error));
	else
		out_fmt(to, "ok %u bytes",
			req->reply.header.len - (uint32_t)sizeof(req->reply.header));
}
