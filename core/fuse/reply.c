/* SPDX-License-Identifier: MIT */
/* reply: the functions that build an operation's reply. See fuse_fs.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse_fs.h"
#include "fuse/session.h"

void *fuse_fs(const struct fuse_req *req)
{
	return req->session->fs;
}

uint64_t fuse_agreed(const struct fuse_req *req)
{
	return req->session->flags;
}

int fuse_device(const struct fuse_req *req)
{
	return req->session->device;
}

bool fuse_is_own(const struct fuse_req *req, uint64_t device)
{
	return device && device == req->session->own_device;
}

static int node_attr(struct fuse_attr *attr, uint64_t node, uint32_t mode, uint32_t links)
{
	memset(attr, 0, sizeof(*attr));
	attr->ino = node;
	attr->mode = mode;
	attr->nlink = links;
	attr->blksize = 4096;
	return 0;
}

int fuse_dir(struct fuse_attr *attr, uint64_t node, uint32_t permissions)
{
	return node_attr(attr, node, S_IFDIR | permissions, 2);
}

int fuse_file(struct fuse_attr *attr, uint64_t node, uint32_t permissions, uint64_t size)
{
	node_attr(attr, node, S_IFREG | permissions, 1);
	attr->size = size;
	attr->blocks = (size + 511) / 512;
	return 0;
}

static void keep_for(const struct fuse_ops *ops, uint64_t *seconds, uint32_t *nanoseconds)
{
	*seconds = ops->immutable ? FUSE_FOREVER : ops->timeout / 1000;
	*nanoseconds = ops->immutable ? 0 : ops->timeout % 1000 * 1000000;
}

void fuse_keep_attr_for(const struct fuse_req *req, uint64_t *seconds, uint32_t *nanoseconds)
{
	*seconds = *nanoseconds = 0;
	if (!req->brief)
		keep_for(req->session->ops, seconds, nanoseconds);
}

static void fill_entry(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr,
		       struct fuse_entry_out *entry)
{
	if (!attr) {
		memset(entry, 0, sizeof(*entry));
		return;
	}
	entry->nodeid = node;
	entry->generation = req->generation;
	keep_for(req->session->ops, &entry->entry_valid, &entry->entry_valid_nsec);
	fuse_keep_attr_for(req, &entry->attr_valid, &entry->attr_valid_nsec);
	entry->attr = *attr;
}

int fuse_entry_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr)
{
	req->reply.body_size = sizeof(req->reply.body.entry.entry);
	fill_entry(req, node, attr, &req->reply.body.entry.entry);
	return 0;
}

int fuse_entry(struct fuse_req *req, uint64_t node)
{
	struct fuse_attr attr = { .ino = 0 };
	int err = node ? req->session->ops->attr(req, node, &attr) : 0;

	return err ? err : fuse_entry_as(req, node, &attr);
}

int fuse_opened_backed(struct fuse_req *req, uint64_t handle, int32_t backing, uint32_t flags)
{
	struct fuse_reply *r = &req->reply;
	bool created = r->body_size != 0;

	*(created ? &r->body.entry.open : &r->body.open) = (struct fuse_open_out) {
		.fh = handle, .open_flags = flags | (backing ? FOPEN_PASSTHROUGH : 0), .backing_id = backing,
	};
	r->body_size += (uint32_t)sizeof(struct fuse_open_out);
	return 0;
}

int fuse_opened(struct fuse_req *req, uint64_t handle, uint32_t flags)
{
	return fuse_opened_backed(req, handle, 0, flags);
}

int fuse_data(struct fuse_req *req, const void *data, size_t size)
{
	req->reply.data = data;
	req->reply.data_size = (uint32_t)size;
	return 0;
}

int fuse_bytes(struct fuse_req *req, const void *data, size_t len, uint64_t offset, size_t size)
{
	if (offset >= len)
		return 0;
	len -= (size_t)offset;
	return fuse_data(req, (const char *)data + offset, len < size ? len : size);
}

int fuse_size(struct fuse_req *req, uint32_t size)
{
	req->reply.body.size = (struct fuse_write_out) { .size = size };
	req->reply.body_size = sizeof(struct fuse_write_out);
	return 0;
}

int fuse_xattr(struct fuse_req *req, const void *value, size_t len, uint32_t size)
{
	if (size == 0)
		return fuse_size(req, (uint32_t)len);
	return len > size ? -ERANGE : fuse_data(req, value, len);
}

bool fuse_is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

bool fuse_dirent(struct fuse_req *req, uint64_t node, uint32_t type, const char *name,
		 uint64_t next)
{
	const struct fuse_ops *ops = req->session->ops;
	struct fuse_attr attr;
	bool plus = req->in->opcode == FUSE_READDIRPLUS && !fuse_is_dots(name)
		    && ops->attr(req, node, &attr) == 0;

	return fuse_dirent_as(req, node, plus ? &attr : NULL, node, type, name, next);
}

bool fuse_dirent_as(struct fuse_req *req, uint64_t node, const struct fuse_attr *attr, uint64_t ino,
		    uint32_t type, const char *name, uint64_t next)
{
	bool plus = req->in->opcode == FUSE_READDIRPLUS;
	size_t head = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
	size_t len = strlen(name), size = FUSE_REC_ALIGN(head + len);
	char *at = req->space + req->reply.data_size;
	struct fuse_dirent *entry = (void *)at;

	if (size > req->wanted - req->reply.data_size)
		return false;
	memset(at + size - FUSE_REC_ALIGN(1), 0, FUSE_REC_ALIGN(1));	/* behind the name */
	if (plus) {
		struct fuse_direntplus *p = (void *)at;

		entry = &p->dirent;
		fill_entry(req, node, attr, &p->entry_out);
	}
	entry->ino = ino;
	entry->off = next;
	entry->namelen = (uint32_t)len;
	entry->type = type;
	memcpy(entry->name, name, len);
	req->reply.data = req->space;
	req->reply.data_size += (uint32_t)size;
	return true;
}
