/* SPDX-License-Identifier: MIT */
/* relay_request: from the kernel to the server. See relay_message.h. */
#include "relay_message.h"

#include <errno.h>

#include "fuse/opcodes.h"
#include "relay_bytes.h"

/* The handle is the first member of the request, or the second one if a flag says so. */
static const uint64_t has_handle = BIT(FUSE_READ) | BIT(FUSE_WRITE) | BIT(FUSE_RELEASE) | BIT(FUSE_FSYNC) | BIT(FUSE_FLUSH)
	| BIT(FUSE_READDIR) | BIT(FUSE_RELEASEDIR) | BIT(FUSE_FSYNCDIR) | BIT(FUSE_GETLK) | BIT(FUSE_SETLK) | BIT(FUSE_SETLKW)
	| BIT(FUSE_IOCTL) | BIT(FUSE_POLL) | BIT(FUSE_FALLOCATE) | BIT(FUSE_READDIRPLUS) | BIT(FUSE_LSEEK)
	| BIT(FUSE_COPY_FILE_RANGE) | BIT(FUSE_COPY_FILE_RANGE_64);
static const uint64_t may_have_handle = BIT(FUSE_GETATTR) | BIT(FUSE_SETATTR) | BIT(FUSE_STATX);
static const uint64_t releases = BIT(FUSE_RELEASE) | BIT(FUSE_RELEASEDIR);

static bool map_node(const struct relay_names *names, uint64_t *node)
{
	return *node <= FUSE_ROOT_ID || relay_ids_find(&names->nodes, *node, node);
}

/* The kernel has handle 0 of a server that has no handles (ENOSYS to OPENDIR), and then releases none, or of the first
   server, which the relay has not seen. A server behind the relay is never shown with 0: give_handle(). */
static bool map_handle(struct relay_names *names, uint64_t *handle, bool released)
{
	uint64_t kernel = *handle;
	bool found = relay_ids_find(&names->handles, kernel, handle) || (!kernel && !released && !names->opens);

	if (released)
		relay_ids_drop(&names->handles, kernel, 1);
	return found;
}

/* A request with a node number besides that of its header, and where it is. 0: none. */
static size_t second_node(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_RENAME: case FUSE_RENAME2: case FUSE_LINK:
		return sizeof(struct fuse_in_header);
	case FUSE_COPY_FILE_RANGE: case FUSE_COPY_FILE_RANGE_64:
		return sizeof(struct fuse_in_header) + offsetof(struct fuse_copy_file_range_in, nodeid_out);
	default:
		return 0;
	}
}

/* GETATTR, SETATTR and STATX need no handle: clear the flag of one that has ended. */
static bool map_optional_handle(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	uint32_t *flags = (void *)(in + 1), flag = in->opcode == FUSE_SETATTR ? FATTR_FH : FUSE_GETATTR_FH;
	uint64_t *handle = word(in, size, sizeof(*in) + sizeof(uint64_t));

	if (handle && *flags & flag && !map_handle(names, handle, false)) {
		*flags &= ~flag;
		*handle = 0;
	}
	return handle;
}

static bool map_handles(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	uint64_t *handle = word(in, size, sizeof(*in));

	if (is_in(may_have_handle, in->opcode))
		return map_optional_handle(names, in, size);
	return !is_in(has_handle, in->opcode) || (handle && map_handle(names, handle, is_in(releases, in->opcode)));
}

static bool map_second(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	size_t at = second_node(in->opcode);
	uint64_t *node = at ? word(in, size, at) : NULL, *handle;
	bool copies = at > sizeof(*in);

	if (!at || !node)
		return !at;
	handle = copies && *node == FUSE_ROOT_ID ? word(in, size, at + sizeof(uint64_t)) : NULL;
	return map_node(names, node) && (!handle || map_handle(names, handle, false));
}

/* Replaces the kernel's numbers by the server's. Handles are mapped for the root directory alone: the handles of other nodes
   end with their nodes, and the kernel has the server's own numbers for them. */
static bool map_request(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	bool root = in->nodeid == FUSE_ROOT_ID;

	return map_node(names, &in->nodeid) && (!root || map_handles(names, in, size)) && map_second(names, in, size);
}

static bool forget(struct relay_names *names, uint64_t *node, uint64_t count)
{
	uint64_t kernel = *node;
	bool known = kernel != FUSE_ROOT_ID && relay_ids_find(&names->nodes, kernel, node);

	relay_ids_drop(&names->nodes, kernel, count);
	return known;
}

static int forget_one(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	const uint64_t *count = word(in, size, sizeof(*in));

	return count && forget(names, &in->nodeid, *count) ? RELAY_PASS : RELAY_DROP;
}

/* Keeps the nodes that this server knows, and removes those of earlier servers from the message. */
static int forget_several(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	struct fuse_batch_forget_in *batch = (void *)(in + 1);
	struct fuse_forget_one *one = (void *)(batch + 1);
	size_t room = size < sizeof(*in) + sizeof(*batch) ? 0 : (size - sizeof(*in) - sizeof(*batch)) / sizeof(*one);
	uint32_t kept = 0;

	for (size_t i = 0; i < room && i < batch->count; i++) {
		struct fuse_forget_one each = one[i];

		if (forget(names, &each.nodeid, each.nlookup))
			one[kept++] = each;
	}
	if (!kept)
		return RELAY_DROP;
	batch->count = kept;
	in->len = (uint32_t)(sizeof(*in) + sizeof(*batch) + kept * sizeof(*one));
	return RELAY_PASS;
}

static int interrupt(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	uint64_t *unique = word(in, size, sizeof(*in));

	if (!unique)
		return RELAY_DROP;
	*unique &= ~FUSE_UNIQUE_RESEND;
	in->unique &= ~FUSE_UNIQUE_RESEND;
	return relay_calls_sent(&names->calls, *unique) ? RELAY_PASS : RELAY_DROP;
}

static int call(struct relay_names *names, struct fuse_in_header *in, size_t size)
{
	uint64_t unique = in->unique & ~FUSE_UNIQUE_RESEND;
	int err = relay_calls_begin(&names->calls, in, size, names->known);

	if (err)
		return err > 0 ? RELAY_DROP : err;
	if (!map_request(names, in, size)) {
		relay_calls_end(&names->calls, unique);
		return is_in(releases, in->opcode) ? RELAY_DONE : -ESTALE;
	}
	in->unique = unique;
	return RELAY_PASS;
}

int relay_request(struct relay_names *names, void *message, size_t size)
{
	struct fuse_in_header *in = message;

	if (size < sizeof(*in))
		return RELAY_DROP;
	switch (in->opcode) {
	case FUSE_FORGET:	return forget_one(names, in, size);
	case FUSE_BATCH_FORGET:	return forget_several(names, in, size);
	case FUSE_INTERRUPT:	return interrupt(names, in, size);
	case FUSE_NOTIFY_REPLY:	return map_node(names, &in->nodeid) ? RELAY_PASS : RELAY_DROP;
	default:		return call(names, in, size);
	}
}
