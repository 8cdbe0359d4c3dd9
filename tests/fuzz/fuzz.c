/* SPDX-License-Identifier: MIT */
/* fuzz: see fuzz.h. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/dispatch.h"
#include "fuse/proto.h"
#include "fuse/session.h"

void fuzz_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

uint32_t input_number(struct input *in)
{
	uint32_t n = 0;

	for (unsigned int shift = 0; shift < 32; shift += 8)
		n |= (uint32_t)input_byte(in) << shift;
	return n;
}

size_t input_bytes(struct input *in, void *to, size_t size)
{
	if (size > in->left)
		size = in->left;
	if (!size)
		return 0;	/* libFuzzer may pass NULL for an empty input */
	memcpy(to, in->at, size);
	in->at += size;
	in->left -= size;
	return size;
}

char *input_text(struct input *in, char end)
{
	size_t len = 0;
	char *text;

	while (len < in->left && in->at[len] && in->at[len] != (uint8_t)end)
		len++;
	text = malloc(len + 1);
	input_bytes(in, text, len);
	text[len] = '\0';
	input_byte(in);		/* the status that it ended with */
	return text;
}

char *input_rest(struct input *in)
{
	return input_text(in, '\0');
}

/* Copies by memcpy, whose range the sanitizer checks as a whole. */
void fuzz_touch(const void *bytes, size_t size)
{
	static char copy[4096];
	const char *at = bytes;

	while (size) {
		size_t n = size < sizeof(copy) ? size : sizeof(copy);

		memcpy(copy, at, n);
		__asm__ volatile("" : : "r"(copy) : "memory");	/* the kernel could show it to a user */
		at += n;
		size -= n;
	}
}

void fuzz_touch_text(const char *text)
{
	if (text)
		fuzz_touch(text, strlen(text) + 1);
}

unsigned int fuzz_descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 128; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* ---- Requests ---- */

bool record_next(struct input *in, struct record *r)
{
	uint32_t len;
	uint8_t how;

	if (in->left < 4)
		return false;
	r->size = input_byte(in);
	r->size |= (size_t)input_byte(in) << 8;
	how = input_byte(in);
	r->arg_size = (size_t)input_byte(in) * 4;
	r->parts = how & RECORD_PARTS;
	if (r->size > in->left)
		r->size = in->left;
	r->bytes = malloc(r->size ? r->size : 1);
	input_bytes(in, r->bytes, r->size);
	if (!(how & RECORD_LEN_AS_IT_IS) && r->size >= sizeof(len)) {
		len = (uint32_t)r->size;	/* so that a changed size alone leads to another
						   path */
		memcpy(r->bytes, &len, sizeof(len));
	}
	return true;
}

/* Checks the entries of a directory: each lies within the data and has a name. */
static void check_entries(const struct fuse_req *req)
{
	const char *at = req->reply.data;
	size_t head = req->in->opcode == FUSE_READDIRPLUS ? sizeof(struct fuse_entry_out) : 0;
	size_t left = req->reply.data_size;

	while (left) {
		const struct fuse_dirent *entry = (const void *)(at + head);
		size_t size;

		MUST(left >= head + sizeof(*entry));
		size = FUSE_REC_ALIGN(head + FUSE_NAME_OFFSET + entry->namelen);
		MUST(size <= left);
		MUST(entry->namelen && entry->namelen <= 1024);
		MUST(!memchr(entry->name, '/', entry->namelen));
		at += size;
		left -= size;
	}
}

static void check_reply(struct fuse_req *req, uint64_t unique)
{
	const struct fuse_reply *r = &req->reply;
	struct iovec piece[2];
	size_t size = 0;
	int count = dispatch_pieces(req, piece);

	for (int i = 0; i < count; i++) {
		fuzz_touch(piece[i].iov_base, piece[i].iov_len);
		size += piece[i].iov_len;
	}
	/* The checks of the kernel's fuse_dev_do_write(): if one fails, the caller waits for
	   ever. */
	MUST(r->header.len == size);
	MUST(r->header.unique == unique);
	MUST(r->header.error <= 0 && r->header.error > -512);
	MUST(!r->header.error || size == sizeof(r->header));
	MUST(r->body_size <= sizeof(r->body));
	if (!r->header.error && (req->in->opcode == FUSE_READDIR || req->in->opcode == FUSE_READDIRPLUS))
		check_entries(req);
}

/* Copies the structure to a buffer of its own, followed by zeros; names and data stay where they
   are. */
static bool dispatch_parts(const struct record *r, struct fuse_req *req, char *space, size_t size)
{
	struct fuse_in_header in;
	char arg[128] = { 0 };
	size_t rest = r->size - sizeof(in), used;
	size_t arg_size = r->arg_size < sizeof(arg) ? r->arg_size : sizeof(arg);
	char *payload;
	bool replied;

	memcpy(&in, r->bytes, sizeof(in));
	if (arg_size > rest)
		arg_size = rest;
	memcpy(arg, r->bytes + sizeof(in), arg_size);
	rest -= arg_size;
	payload = malloc(rest ? rest : 1);
	memcpy(payload, r->bytes + sizeof(in) + arg_size, rest);
	used = (rest + 7) & ~(size_t)7;
	if (used > size)
		used = size;
	req->space = space + used;
	req->space_size = (uint32_t)(size - used);
	replied = dispatch_decoded(req, proto_decode_parts(req, &in, arg, sizeof(arg), payload, rest));
	/* The transport sends a reply even if no process waits for it. */
	if (req->reply.header.len)
		check_reply(req, in.unique);
	req->in = NULL;
	req->arg = NULL;
	free(payload);
	return replied;
}

bool record_dispatch(const struct record *r, struct fuse_req *req, char *space, size_t size)
{
	bool replied;

	req->reply.header.len = 0;
	if (r->parts)
		return r->size >= sizeof(struct fuse_in_header) && dispatch_parts(r, req, space, size);
	req->space = space;
	req->space_size = (uint32_t)size;
	replied = dispatch(req, r->bytes, r->size);
	if (replied)
		check_reply(req, ((const struct fuse_in_header *)(const void *)r->bytes)->unique);
	return replied;
}
