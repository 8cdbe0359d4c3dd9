/* SPDX-License-Identifier: MIT */
/* The relay of fmount --keep=relay, from both sides: records of any bytes, in turn requests of the kernel and replies of a
   server. Few numbers are used for requests and nodes, so that they meet. */
#include "fmount/relay_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { UNIQUES = 0x3e, NODES = 8 };

static uint64_t given[NODES];	/* by the relay to the kernel, last */
static unsigned int next_given;

static void told(void *message, size_t size)
{
	const struct fuse_in_header *in = message;

	MUST(size == in->len && in->opcode == FUSE_FORGET);
	MUST(in->nodeid > FUSE_ROOT_ID);
}

static void answered(uint64_t unique, int error)
{
	MUST(!(unique & ~FUSE_UNIQUE_RESEND & ~(uint64_t)UNIQUES));
	MUST(error < 0);
}

static void from_kernel(struct relay_names *names, struct record *record)
{
	struct fuse_in_header *in = (void *)record->bytes;
	uint64_t node = 0, server = 0;
	int verdict;

	if (record->size >= sizeof(*in)) {
		in->opcode &= 63;
		in->unique &= UNIQUES | FUSE_UNIQUE_RESEND | (in->opcode == FUSE_INTERRUPT);
		node = in->nodeid = in->nodeid & 1 ? FUSE_ROOT_ID : given[in->nodeid / 2 % NODES];
		relay_ids_find(&names->nodes, node, &server);
	}
	verdict = relay_request(names, record->bytes, record->size);
	MUST(verdict < 0 || verdict == RELAY_PASS || verdict == RELAY_DROP || verdict == RELAY_DONE);
	if (verdict != RELAY_PASS || in->opcode == FUSE_BATCH_FORGET || in->opcode == FUSE_INTERRUPT)
		return;
	MUST(in->nodeid == (node <= FUSE_ROOT_ID ? node : server));
	MUST(!(in->unique & FUSE_UNIQUE_RESEND) || in->opcode == FUSE_FORGET || in->opcode == FUSE_NOTIFY_REPLY);
}

static void from_server(struct relay_names *names, struct record *record, bool refuse)
{
	struct fuse_out_header *out = (void *)record->bytes;
	const struct fuse_entry_out *entry = (const void *)(out + 1);
	uint32_t nodes = names->nodes.table.count;
	bool gives;

	if (record->size >= sizeof(*out))
		out->unique &= UNIQUES | 1;
	if (relay_reply(names, record->bytes, record->size) != RELAY_PASS || !out->unique)
		return;
	gives = !out->error && record->size >= sizeof(*out) + sizeof(*entry) && names->nodes.table.count > nodes;
	if (gives && entry->nodeid >> 63)
		given[next_given++ % NODES] = entry->nodeid;
	if (!refuse || out->unique & 1)
		return;
	relay_refused(names, record->bytes, record->size);
	MUST(names->nodes.table.count <= nodes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct relay_names names = { .tell = told };
	const struct relay_end end = { true, 0, answered }, last = { true, -EIO, answered };
	struct input in = { data, size };
	struct record record;

	memset(given, 0, sizeof(given));
	next_given = 0;
	while (record_next(&in, &record)) {
		if (record.parts)
			from_kernel(&names, &record);
		else
			from_server(&names, &record, record.arg_size & 4);
		if (!record.size)
			relay_names_end_life(&names, &end);
		free(record.bytes);
	}
	relay_names_end_life(&names, &last);
	relay_table_clear(&names.calls);
	return 0;
}
