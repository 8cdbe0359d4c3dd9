/* SPDX-License-Identifier: MIT */
/* What fumount --wake reads from a server's /dev/fuse: requests of any bytes, as tests/fuzz/dispatch.c
   has them. */
#include "fumount/wake_request.h"

#include <stdlib.h>
#include <string.h>

#include "fuse_kernel.h"
#include "fuzz.h"

static void parse(const struct record *record)
{
	const struct fuse_in_header *in = (const void *)record->bytes;
	struct fuse_notify_retrieve_out again;
	struct wake_request request;
	uint32_t count = 0;

	switch (wake_parse(record->bytes, record->size, &request, &count, &again)) {
	case WAKE_NOTHING:
		break;
	case WAKE_REQUEST:
		MUST(request.unique == in->unique && request.node == in->nodeid && request.opcode == in->opcode);
		MUST(request.waited == -1 && !request.unread && request.fate == WAKE_BACK);
		MUST(memchr(request.name, '\0', sizeof(request.name)));
		MUST(request.opcode != FUSE_FORGET && request.opcode != FUSE_BATCH_FORGET);
		break;
	case WAKE_FORGET:
		MUST(in->opcode == FUSE_FORGET ? count == 1 : in->opcode == FUSE_BATCH_FORGET);
		MUST(count <= 1 || count <= record->size / sizeof(struct fuse_forget_one));
		break;
	case WAKE_RETRIEVED:
		MUST(in->opcode == FUSE_NOTIFY_REPLY && again.notify_unique == in->unique);
		fuzz_touch(&again, sizeof(again));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct record record;

	while (record_next(&in, &record)) {
		parse(&record);
		free(record.bytes);
	}
	return 0;
}
