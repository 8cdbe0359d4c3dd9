/* SPDX-License-Identifier: MIT */
/* events: see events.h. */
#include "events.h"

#include <string.h>

#include "fuse_kernel.h"
#include "out.h"
#include "proc/proc.h"

enum { MAX_OFFSET = 256, MAX_PAGE = 1 << 20 };

/* The offset of a field in a format such as "field:int common_pid;\toffset:4;\tsize:4;". -1: none,
   or another size. */
static int64_t find_field(const char *text, const char *name, int64_t size)
{
	char key[48];
	const char *at;
	int64_t offset;

	text_fmt(key, sizeof(key), " %s;\toffset", name);
	at = text_find(text, key);
	if (!at || proc_field(at, "size") != size)
		return -1;
	offset = proc_field(text, key);
	return offset < MAX_OFFSET ? offset : -1;
}

bool event_format_parse(const char *text, const char *extra, struct event_format *f)
{
	static const char *const names[] = { "common_pid", "connection", "unique", "len" };
	int64_t id = proc_field(text, "\nID");

	for (int i = 0; i < EVENT_FIELDS; i++) {
		int64_t at = find_field(text, i < EVENT_EXTRA ? names[i] : extra, i == EVENT_UNIQUE ? 8 : 4);

		if (at < 0)
			return false;
		f->at[i] = (uint16_t)at;
	}
	f->id = (uint16_t)id;
	return id > 0 && id <= UINT16_MAX && find_field(text, "common_type", 2) == 0;
}

bool event_page_parse(const char *text, struct event_layout *l)
{
	const char *data = text_find(text, " data;");
	int64_t commit = proc_field(text, " commit;\toffset");
	int64_t begin = data ? proc_field(data, "offset") : -1, size = data ? proc_field(data, "size") : -1;

	if (commit < 8 || begin < commit + 4 || begin > MAX_OFFSET || size < 64 || size > MAX_PAGE)
		return false;
	l->commit = (uint32_t)commit;
	l->data = (uint32_t)begin;
	l->page = (uint32_t)(begin + size);
	return true;
}

static uint32_t read32(const unsigned char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

static uint64_t read64(const unsigned char *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

/* Decodes the record of an event, of `size` bytes. False: not an event of FUSE. */
static bool decode(const struct event_layout *l, const unsigned char *record, size_t size, struct event *e)
{
	const struct event_format *f;
	uint16_t id;

	if (size < 2)
		return false;
	memcpy(&id, record, sizeof(id));
	f = id == l->send.id ? &l->send : &l->end;
	if (id != f->id)
		return false;
	for (int i = 0; i < EVENT_FIELDS; i++)
		if (f->at[i] + (i == EVENT_UNIQUE ? 8u : 4u) > size)
			return false;
	e->end = f == &l->end;
	e->pid = (int32_t)read32(record + f->at[EVENT_PID]);
	e->connection = read32(record + f->at[EVENT_CONNECTION]);
	e->unique = read64(record + f->at[EVENT_UNIQUE]) & ~FUSE_UNIQUE_RESEND;	/* a request sent again ends with that bit */
	e->length = read32(record + f->at[EVENT_LENGTH]);
	e->opcode = e->end ? 0 : (uint16_t)read32(record + f->at[EVENT_EXTRA]);
	e->error = e->end ? (int16_t)read32(record + f->at[EVENT_EXTRA]) : 0;
	return true;
}

/* The kernel declares these bit fields in the same way, so that their order in a word follows the
   machine's. */
struct header { uint32_t type : 5, delta : 27; };
enum { TYPE_LONG, TYPE_PADDING = 29, TYPE_EXTEND, TYPE_STAMP };

/* The size of the event's data, which follows the header and, with TYPE_LONG, a word with the
   size of itself and the data. */
static size_t data_size(struct header h, const unsigned char *at)
{
	size_t whole;

	if (h.type >= TYPE_EXTEND)
		return 4;
	if (h.type != TYPE_LONG && h.type != TYPE_PADDING)
		return (size_t)h.type * 4;
	whole = read32(at + 4);
	return whole <= MAX_PAGE ? (whole + 3) & ~(size_t)3 : MAX_PAGE;
}

/* The time of an event whose header is h, when the one before was at `time`. */
static uint64_t advance(uint64_t time, struct header h, const unsigned char *at)
{
	const uint64_t known = ((uint64_t)1 << 59) - 1;	/* a stamp has the lower 59 bits of the time */
	uint64_t extent = h.type >= TYPE_EXTEND ? (uint64_t)read32(at + 4) << 27 | h.delta : h.delta;

	return h.type == TYPE_STAMP ? (time & ~known) | extent : time + extent;
}

uint64_t event_each(const struct event_layout *l, const void *page,
		    void (*fn)(const struct event *, void *), void *data)
{
	const unsigned char *start = page, *at = start + l->data;
	struct event e = { .time = read64(start) };
	/* The upper bits tell of lost events, which tracing_lost() counts. */
	bool wide = l->data - l->commit >= 8;
	size_t used = (wide ? (size_t)read64(start + l->commit) : read32(start + l->commit)) & 0xfffffff;
	const unsigned char *end = at + (used < l->page - l->data ? used : l->page - l->data);

	while (end - at >= 8) {
		struct header h;
		size_t size;

		memcpy(&h, at, sizeof(h));
		size = data_size(h, at);
		if ((h.type == TYPE_PADDING && !h.delta) || size > (size_t)(end - at - 4))
			break;
		e.time = advance(e.time, h, at);
		if (h.type != TYPE_LONG ? h.type < TYPE_PADDING : size >= 4) {
			size_t skip = h.type == TYPE_LONG ? 4 : 0;

			if (decode(l, at + 4 + skip, size - skip, &e))
				fn(&e, data);
		}
		at += 4 + size;
	}
	return e.time;
}
