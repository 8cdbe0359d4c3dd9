/* SPDX-License-Identifier: MIT */
/* requests: see requests.h. */
#include "requests.h"

#include <errno.h>
#include <string.h>

#include "sys.h"

enum { FIRST_ROOM = 256 };

static size_t place_of(const struct requests *r, const struct event *e)
{
	return (size_t)((e->unique ^ (uint64_t)e->connection << 40) * 0x9e3779b97f4a7c15u >> 32) & (r->room - 1);
}

/* The slot of a request or, if it is not there, the free slot for it. unique 0 marks a free slot. */
static struct event *find_slot(const struct requests *r, const struct event *e)
{
	size_t at = place_of(r, e);

	while (r->slots[at].unique && (r->slots[at].unique != e->unique || r->slots[at].connection != e->connection))
		at = (at + 1) & (r->room - 1);
	return r->slots + at;
}

static int grow(struct requests *r)
{
	size_t room = r->room ? r->room * 2 : FIRST_ROOM;
	struct requests bigger = { sys_pages(room * sizeof(*r->slots)), room, r->count };

	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < r->room; i++)
		if (r->slots[i].unique)
			*find_slot(&bigger, r->slots + i) = r->slots[i];
	if (r->room)
		sys_free_pages(r->slots, r->room * sizeof(*r->slots));
	*r = bigger;
	return 0;
}

int requests_add(struct requests *r, const struct event *sent)
{
	struct event *slot;

	if (r->count * 2 >= r->room && grow(r) < 0)
		return -ENOMEM;
	slot = find_slot(r, sent);
	r->count += !slot->unique;
	*slot = *sent;
	return 0;
}

/* Frees a slot of the hash, which uses open addressing: moves the events behind the slot back, so that no
   search for them ends at a free slot. */
static void free_slot(struct requests *r, size_t hole)
{
	size_t mask = r->room - 1;

	for (size_t at = (hole + 1) & mask; r->slots[at].unique; at = (at + 1) & mask) {
		if (((at - place_of(r, r->slots + at)) & mask) < ((at - hole) & mask))
			continue;
		r->slots[hole] = r->slots[at];
		hole = at;
	}
	r->slots[hole].unique = 0;
	r->count--;
}

bool requests_take(struct requests *r, const struct event *end, struct event *sent)
{
	struct event *slot = r->room ? find_slot(r, end) : NULL;

	if (!slot || !slot->unique)
		return false;
	*sent = *slot;
	free_slot(r, (size_t)(slot - r->slots));
	return true;
}

void requests_each(const struct requests *r, void (*fn)(const struct event *, void *), void *data)
{
	for (size_t i = 0; i < r->room; i++)
		if (r->slots[i].unique)
			fn(r->slots + i, data);
}

/* ---- Names ---- */

/* The operations in the order of their numbers, from 0 on; "-": no operation has the number. */
static const char names[] =
	"-\0LOOKUP\0FORGET\0GETATTR\0SETATTR\0READLINK\0SYMLINK\0-\0MKNOD\0MKDIR\0UNLINK\0RMDIR\0RENAME\0"
	"LINK\0OPEN\0READ\0WRITE\0STATFS\0RELEASE\0-\0FSYNC\0SETXATTR\0GETXATTR\0LISTXATTR\0REMOVEXATTR\0"
	"FLUSH\0INIT\0OPENDIR\0READDIR\0RELEASEDIR\0FSYNCDIR\0GETLK\0SETLK\0SETLKW\0ACCESS\0CREATE\0"
	"INTERRUPT\0BMAP\0DESTROY\0IOCTL\0POLL\0NOTIFY_REPLY\0BATCH_FORGET\0FALLOCATE\0READDIRPLUS\0"
	"RENAME2\0LSEEK\0COPY_FILE_RANGE\0SETUPMAPPING\0REMOVEMAPPING\0SYNCFS\0TMPFILE\0STATX\0";

static const char *next_name(const char *name)
{
	return name + strlen(name) + 1;
}

const char *request_name(unsigned int opcode)
{
	const char *name = names;

	for (; opcode && *name; opcode--)
		name = next_name(name);
	return *name && *name != '-' ? name : NULL;
}

unsigned int request_opcode(const char *word, size_t length)
{
	unsigned int opcode = 0;

	for (const char *name = names; *name; name = next_name(name), opcode++)
		if (strlen(name) == length && memcmp(name, word, length) == 0)
			return *word == '-' ? 0 : opcode;
	return 0;
}
