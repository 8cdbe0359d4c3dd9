/* SPDX-License-Identifier: MIT */
/* relay_reply: from the server to the kernel. See relay_message.h. */
#include "relay_message.h"

#include <errno.h>

#include "relay_bytes.h"

static const uint64_t gives_node = BIT(FUSE_LOOKUP) | BIT(FUSE_SYMLINK) | BIT(FUSE_MKNOD) | BIT(FUSE_MKDIR) | BIT(FUSE_LINK)
	| BIT(FUSE_CREATE) | BIT(FUSE_TMPFILE);
static const uint64_t gives_handle = BIT(FUSE_OPEN) | BIT(FUSE_OPENDIR);

static bool give_node(struct relay_names *names, uint64_t *node)
{
	if (*node > FUSE_ROOT_ID)
		*node = relay_ids_give(&names->nodes, *node);
	return *node;
}

static bool give_entry(struct relay_names *names, struct fuse_entry_out *entry)
{
	return !entry->nodeid || give_node(names, &entry->nodeid);
}

static bool is_dot(const struct fuse_dirent *entry)
{
	return (entry->namelen == 1 || (entry->namelen == 2 && entry->name[1] == '.')) && entry->name[0] == '.';
}

/* As the kernel reads them: up to the first entry that is not there as a whole. It looks up no dots. */
static bool give_entries(struct relay_names *names, char *at, size_t size)
{
	size_t each;

	for (; size >= FUSE_NAME_OFFSET_DIRENTPLUS; at += each, size -= each) {
		struct fuse_direntplus *entry = (void *)at;

		each = FUSE_REC_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + (size_t)entry->dirent.namelen);
		if (!entry->dirent.namelen || each > size)
			break;
		if (is_dot(&entry->dirent))
			entry->entry_out.nodeid = 0;
		else if (!give_entry(names, &entry->entry_out))
			return false;
	}
	return true;
}

static bool give_handle(struct relay_names *names, struct fuse_open_out *open)
{
	if (open->fh)
		open->fh = relay_ids_give(&names->handles, open->fh);
	return true;
}

/* What the reply gives to the kernel. False: the server's reply makes no sense, or there is no memory. */
static bool give(struct relay_names *names, uint32_t flags, void *body, size_t size)
{
	uint32_t opcode = flags & RELAY_OPCODE;

	if (is_in(gives_node, opcode))
		return size >= sizeof(struct fuse_entry_out) && give_entry(names, body);
	if (is_in(gives_handle, opcode) && flags & RELAY_ROOT)
		return size >= sizeof(struct fuse_open_out) && give_handle(names, body);
	return opcode != FUSE_READDIRPLUS || give_entries(names, body, size);
}

/* ---- Notifications ---- */

/* Where they have node numbers, behind the header; -1: none. */
struct notification { int8_t first, second; uint8_t verdict; };

static const struct notification notifications[] = {
	[FUSE_NOTIFY_POLL] = { -1, -1, RELAY_PASS },
	[FUSE_NOTIFY_INVAL_INODE] = { 0, -1, RELAY_SLOWLY },
	[FUSE_NOTIFY_INVAL_ENTRY] = { 0, -1, RELAY_SLOWLY },
	[FUSE_NOTIFY_STORE] = { 0, -1, RELAY_SLOWLY },
	[FUSE_NOTIFY_RETRIEVE] = { 8, -1, RELAY_SLOWLY },
	[FUSE_NOTIFY_DELETE] = { 0, 8, RELAY_SLOWLY },
	[FUSE_NOTIFY_INC_EPOCH] = { -1, -1, RELAY_PASS },
};

static bool tell_node(const struct relay_names *names, void *message, size_t size, int at)
{
	uint64_t *node = at < 0 ? NULL : word(message, size, sizeof(struct fuse_out_header) + (size_t)at);

	if (node && *node > FUSE_ROOT_ID)
		*node = relay_ids_known(&names->nodes, *node);
	return at < 0 || (node && *node);
}

/* RESEND is the relay's own, and PRUNE only asks for memory. */
static int notify(const struct relay_names *names, struct fuse_out_header *out, size_t size)
{
	const struct notification *n = notifications + out->error;

	if (out->error <= 0 || out->error > FUSE_NOTIFY_INC_EPOCH || out->error == FUSE_NOTIFY_RESEND || out->len != size
	    || !tell_node(names, out, size, n->first) || !tell_node(names, out, size, n->second))
		return RELAY_DROP;
	return n->verdict;
}

/* ---- Replies ---- */

/* The kernel tells an INTERRUPT from its request by bit 0. Of its answers only these two have a meaning. */
static int reply_interrupt(const struct relay_names *names, struct fuse_out_header *out, size_t size)
{
	uint32_t flags = relay_calls_sent(&names->calls, out->unique & ~(uint64_t)1);

	if (!flags || size != sizeof(*out) || (out->error != -EAGAIN && out->error != -ENOSYS))
		return RELAY_DROP;
	out->unique |= flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0;
	return RELAY_PASS;
}

int relay_reply(struct relay_names *names, void *message, size_t size)
{
	struct fuse_out_header *out = message;
	uint32_t flags;

	if (size < sizeof(*out))
		return RELAY_DROP;
	if (!out->unique)
		return notify(names, out, size);
	if (out->unique & 1)
		return reply_interrupt(names, out, size);
	flags = relay_calls_end(&names->calls, out->unique);
	if (!flags)
		return RELAY_DROP;
	out->unique |= flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0;
	if (out->len != size)
		return -EIO;
	return out->error || give(names, flags, out + 1, size - sizeof(*out)) ? RELAY_PASS : -EIO;
}

void relay_names_end_life(struct relay_names *names, bool resends, void (*answer)(uint64_t unique, int error))
{
	relay_calls_end_life(&names->calls, resends, answer);
	relay_ids_end_life(&names->nodes);
	relay_ids_end_life(&names->handles);
}

/* ---- INIT ---- */

/* Rings and backing files belong to the device, and splice(2) does not keep the bounds of messages. */
static const uint32_t hidden = FUSE_SPLICE_READ | FUSE_SPLICE_WRITE | FUSE_SPLICE_MOVE;
static const uint32_t hidden2 = (uint32_t)((FUSE_OVER_IO_URING | FUSE_PASSTHROUGH) >> 32);

void relay_limit_init(struct fuse_init_in *in, size_t size)
{
	in->flags &= ~hidden;
	if (size >= offsetof(struct fuse_init_in, flags2) + sizeof(in->flags2))
		in->flags2 &= ~hidden2;
}

void relay_limit_init_reply(struct fuse_init_out *out, size_t size)
{
	if (size >= offsetof(struct fuse_init_out, flags2) + sizeof(out->flags2))
		out->flags2 &= ~hidden2;
}
