/* SPDX-License-Identifier: MIT */
/* relay_reply: from the server to the kernel. See relay_message.h. */
#include "relay_message.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/opcodes.h"
#include "relay_bytes.h"

static const uint64_t gives_node = BIT(FUSE_LOOKUP) | BIT(FUSE_SYMLINK) | BIT(FUSE_MKNOD) | BIT(FUSE_MKDIR) | BIT(FUSE_LINK)
	| BIT(FUSE_CREATE) | BIT(FUSE_TMPFILE);
static const uint64_t gives_handle = BIT(FUSE_OPEN) | BIT(FUSE_OPENDIR);

/* What happens with each entry of a reply. Returns 0 or -errno: the kernel gets no node with it. */
typedef int visit_fn(struct relay_names *names, struct fuse_entry_out *entry);

/* As fuse_invalid_attr() of the kernel, which drops such an entry without a FORGET. */
static bool is_sound(const struct fuse_attr *attr)
{
	static const uint16_t types = 1 << (S_IFREG >> 12) | 1 << (S_IFDIR >> 12) | 1 << (S_IFLNK >> 12) | 1 << (S_IFCHR >> 12)
		| 1 << (S_IFBLK >> 12) | 1 << (S_IFIFO >> 12) | 1 << (S_IFSOCK >> 12);

	return attr->size <= INT64_MAX && types >> ((attr->mode & S_IFMT) >> 12) & 1;
}

static void tell_forget(const struct relay_names *names, uint64_t server)
{
	struct { struct fuse_in_header head; struct fuse_forget_in in; } forget = {
		.head = { .len = sizeof(forget), .opcode = FUSE_FORGET, .nodeid = server }, .in = { 1 } };

	names->tell(&forget, sizeof(forget));
}

static int give_node(struct relay_names *names, struct fuse_entry_out *entry)
{
	uint64_t server = entry->nodeid;

	if (server <= FUSE_ROOT_ID)
		return 0;
	if (!is_sound(&entry->attr))
		return -EIO;
	entry->nodeid = relay_ids_give(&names->nodes, server);
	if (!entry->nodeid)
		tell_forget(names, server);
	return entry->nodeid ? 0 : -ENFILE;
}

/* A file that the server has opened for this reply stays open there. */
static int take_back(struct relay_names *names, struct fuse_entry_out *entry)
{
	uint64_t server;

	if (relay_ids_find(&names->nodes, entry->nodeid, &server)) {
		relay_ids_drop(&names->nodes, entry->nodeid, 1);
		tell_forget(names, server);
	}
	return 0;
}

/* ---- Directories ---- */

static bool is_dot(const struct fuse_dirent *entry)
{
	return (entry->namelen == 1 || (entry->namelen == 2 && entry->name[1] == '.')) && entry->name[0] == '.';
}

/* The bytes of the first entry, or 0: it is not there as a whole, and the kernel reads no further. */
static size_t entry_size(const struct fuse_direntplus *entry, size_t size)
{
	size_t each;

	if (size < FUSE_NAME_OFFSET_DIRENTPLUS || entry->dirent.namelen > size)
		return 0;
	each = FUSE_REC_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + (size_t)entry->dirent.namelen);
	return each <= size ? each : 0;
}

/* The kernel rejects the rest of a reply from such a name on, without a FORGET. */
static bool has_bad_name(const char *at, size_t size)
{
	enum { NAME_MOST = 4095 };	/* FUSE_NAME_MAX of the kernel; before Linux 6.15 1024 */
	size_t each;

	for (; (each = entry_size((const void *)at, size)); at += each, size -= each) {
		const struct fuse_dirent *entry = &((const struct fuse_direntplus *)(const void *)at)->dirent;

		if (!entry->namelen || entry->namelen > NAME_MOST || memchr(entry->name, '/', entry->namelen))
			return true;
	}
	return false;
}

/* The kernel looks up no dots, and shows a name whose entry has no node all the same. */
static int visit_entries(struct relay_names *names, visit_fn *visit, char *at, size_t size)
{
	size_t each;

	if (has_bad_name(at, size))
		return -EIO;
	for (; (each = entry_size((void *)at, size)); at += each, size -= each) {
		struct fuse_direntplus *entry = (void *)at;

		if (is_dot(&entry->dirent) || visit(names, &entry->entry_out))
			entry->entry_out.nodeid = 0;
	}
	return 0;
}

/* ---- What a reply gives to the kernel ---- */

static int visit_nodes(struct relay_names *names, visit_fn *visit, uint32_t opcode, void *body, size_t size)
{
	if (is_in(gives_node, opcode))
		return size < sizeof(struct fuse_entry_out) ? -EIO : visit(names, body);
	return opcode == FUSE_READDIRPLUS ? visit_entries(names, visit, body, size) : 0;
}

static bool has_root_handle(uint32_t flags)
{
	return is_in(gives_handle, flags & RELAY_OPCODE) && flags & RELAY_ROOT;
}

static int give_handle(struct relay_names *names, struct fuse_open_out *open, size_t size)
{
	if (size < sizeof(*open))
		return -EIO;
	open->fh = relay_ids_give(&names->handles, open->fh);
	return open->fh ? 0 : -ENFILE;
}

static int give(struct relay_names *names, uint32_t flags, void *body, size_t size)
{
	int err = has_root_handle(flags) ? give_handle(names, body, size)
		  : visit_nodes(names, give_node, flags & RELAY_OPCODE, body, size);

	return err ? err : RELAY_PASS;
}

void relay_refused(struct relay_names *names, void *message, size_t size)
{
	struct fuse_out_header *out = message;
	const struct fuse_open_out *open = (const void *)(out + 1);

	if (out->error)
		return;
	if (has_root_handle(names->replied))
		relay_ids_drop(&names->handles, open->fh, 1);
	else
		visit_nodes(names, take_back, names->replied & RELAY_OPCODE, out + 1, size - sizeof(*out));
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
	const struct notification *n;

	if (out->error <= 0 || out->error > FUSE_NOTIFY_INC_EPOCH || out->error == FUSE_NOTIFY_RESEND || out->len != size)
		return RELAY_DROP;
	n = notifications + out->error;
	return tell_node(names, out, size, n->first) && tell_node(names, out, size, n->second) ? n->verdict : RELAY_DROP;
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
	names->replied = flags = relay_calls_end(&names->calls, out->unique);
	if (!flags)
		return RELAY_DROP;
	if ((flags & RELAY_OPCODE) == FUSE_OPENDIR)
		names->opens = out->error != -ENOSYS;
	out->unique |= flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0;
	if (out->len != size)
		return -EIO;
	return out->error ? RELAY_PASS : give(names, flags, out + 1, size - sizeof(*out));
}

void relay_names_end_life(struct relay_names *names, const struct relay_end *end)
{
	relay_calls_end_life(&names->calls, end);
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
