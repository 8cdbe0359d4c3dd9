/* SPDX-License-Identifier: MIT */
/* relay_calls: see relay_calls.h. */
#include "relay_calls.h"

#include <errno.h>
#include <fcntl.h>

#include "fuse/opcodes.h"

/* Whether a server must not carry out this request if an earlier server has done so: a second one would fail (mkdir) or do
   harm (unlink). The error to the caller is not ESTALE, upon which the kernel would repeat a call by path. */
static bool is_once(const struct fuse_in_header *in, uint64_t size)
{
	static const uint64_t once = BIT(FUSE_SYMLINK) | BIT(FUSE_MKNOD) | BIT(FUSE_MKDIR) | BIT(FUSE_UNLINK) | BIT(FUSE_RMDIR)
		| BIT(FUSE_RENAME) | BIT(FUSE_LINK) | BIT(FUSE_REMOVEXATTR) | BIT(FUSE_IOCTL) | BIT(FUSE_RENAME2);
	const struct fuse_setxattr_in *xattr = (const void *)(in + 1);
	const struct fuse_create_in *create = (const void *)(in + 1);

	if (in->opcode == FUSE_CREATE)
		return size < sizeof(*in) + sizeof(create->flags) || create->flags & O_EXCL;
	if (in->opcode == FUSE_SETXATTR)
		return size < sizeof(*in) + FUSE_COMPAT_SETXATTR_IN_SIZE || xattr->flags;
	return is_in(once, in->opcode);
}

int relay_calls_begin(struct relay_table *calls, const struct fuse_in_header *in, uint64_t size, bool known)
{
	uint64_t unique = in->unique & ~FUSE_UNIQUE_RESEND;
	uint32_t index = relay_table_find(calls, unique);
	struct relay_slot *slot = index == RELAY_NO_SLOT ? NULL : calls->slots + index;
	uint32_t flags = (in->opcode & RELAY_OPCODE) | RELAY_SENT | (in->nodeid == FUSE_ROOT_ID ? RELAY_ROOT : 0)
		| (is_once(in, size) ? RELAY_ONCE : 0) | (in->unique & FUSE_UNIQUE_RESEND ? RELAY_RESENT : 0);

	if (slot && slot->value & RELAY_SENT) {
		slot->value |= flags & RELAY_RESENT;
		return 1;
	}
	if (!slot && !known && flags & RELAY_RESENT && flags & RELAY_ONCE)
		return -EIO;
	if (slot)
		slot->value = flags;
	else if (relay_table_add(calls, unique, flags) == RELAY_NO_SLOT)
		return -ENOMEM;
	return 0;
}

uint32_t relay_calls_sent(const struct relay_table *calls, uint64_t unique)
{
	uint32_t index = relay_table_find(calls, unique);

	return index != RELAY_NO_SLOT && calls->slots[index].value & RELAY_SENT ? (uint32_t)calls->slots[index].value : 0;
}

uint32_t relay_calls_end(struct relay_table *calls, uint64_t unique)
{
	uint32_t flags = relay_calls_sent(calls, unique);

	if (flags)
		relay_table_remove(calls, relay_table_find(calls, unique));
	return flags;
}

void relay_calls_unread(struct relay_table *calls, uint64_t unique)
{
	uint32_t index = relay_table_find(calls, unique);

	if (index != RELAY_NO_SLOT)
		calls->slots[index].value |= RELAY_UNREAD;
}

/* The error that answers a request whose server has ended, or 0: the kernel shall deliver it again. */
static int error_for(uint64_t flags, const struct relay_end *end)
{
	bool harmless = !(flags & RELAY_ONCE) || flags & RELAY_UNREAD;

	return !harmless ? -EIO : end->error;
}

void relay_calls_end_life(struct relay_table *calls, const struct relay_end *end)
{
	for (uint32_t i = 0; i < calls->fresh; i++) {
		struct relay_slot *slot = calls->slots + i;
		uint64_t flags = slot->stamp ? slot->value : 0;
		int error = error_for(flags, end);

		/* It was kept from an earlier life, and the kernel has not delivered it since. Once the kernel's queue was empty, the
		   request has ended. */
		if (!(flags & RELAY_SENT)) {
			if (slot->stamp && end->drained)
				relay_table_remove(calls, i);
			continue;
		}
		if (error)
			end->answer(slot->key | (flags & RELAY_RESENT ? FUSE_UNIQUE_RESEND : 0), error);
		/* Keep the entry: when the kernel delivers the request again, it shows that no server has carried it out. */
		if (!error && flags & RELAY_ONCE)
			slot->value = flags & ~(uint64_t)(RELAY_SENT | RELAY_UNREAD);
		else
			relay_table_remove(calls, i);
	}
}
