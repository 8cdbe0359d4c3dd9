/* SPDX-License-Identifier: MIT */
/* Unit tests of fuse-info's trace reader: pages of the ring buffer, and the table of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../applets/fuse-info/events.c"
#include "../../applets/fuse-info/requests.c"

/* The formats of Linux 6.18 on x86-64. */
static const char send_format[] =
	"name: fuse_request_send\nID: 1293\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:dev_t connection;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:uint64_t unique;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:enum fuse_opcode opcode;\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:uint32_t len;\toffset:28;\tsize:4;\tsigned:0;\n";
static const char end_format[] =
	"name: fuse_request_end\nID: 1292\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:dev_t connection;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:uint64_t unique;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:uint32_t len;\toffset:24;\tsize:4;\tsigned:0;\n"
	"\tfield:int32_t error;\toffset:28;\tsize:4;\tsigned:1;\n";
static const char page_format[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static struct event_layout parse_layout(void)
{
	struct event_layout l;

	assert_true(event_format_parse(send_format, "opcode", &l.send));
	assert_true(event_format_parse(end_format, "error", &l.end));
	assert_true(event_page_parse(page_format, &l));
	return l;
}

static void layout(void **state)
{
	struct event_layout l = parse_layout();
	struct event_format f;

	(void)state;
	assert_int_equal(l.send.id, 1293);
	assert_int_equal(l.send.at[EVENT_EXTRA], 24);
	assert_int_equal(l.end.at[EVENT_LENGTH], 24);
	assert_int_equal(l.page, 4096);
	/* A format without one of the fields, and one with a field of another size. */
	assert_false(event_format_parse(end_format, "opcode", &f));
	assert_false(event_format_parse("ID: 5\n\tfield:int common_pid;\toffset:4;\tsize:2;", "error", &f));
	assert_false(event_format_parse("", "error", &f));
	assert_false(event_page_parse("", &l));
	assert_false(event_page_parse("\tfield: local_t commit;\toffset:8;\tsize:8;\n"
				      "\tfield: char data;\toffset:16;\tsize:9999999;", &l));
}

/* ---- Pages ---- */

struct page { unsigned char bytes[4096]; size_t used; };

static void put(struct page *p, const void *data, size_t size)
{
	memcpy(p->bytes + 16 + p->used, data, size);
	p->used += size;
	memcpy(p->bytes + 8, &(uint64_t) { p->used }, 8);
}

static void put_word(struct page *p, uint32_t word)
{
	put(p, &word, sizeof(word));
}

static void put_header(struct page *p, uint32_t type, uint32_t delta)
{
	struct header h = { .type = type & 31, .delta = delta & 0x7ffffff };

	put(p, &h, sizeof(h));
}

static void put_record(struct page *p, uint16_t id, uint64_t unique, uint32_t at24, uint32_t at28)
{
	struct { uint16_t id; uint8_t flags, count; int32_t pid; uint32_t connection, gap; uint64_t unique; uint32_t a, b; } r =
		{ id, 0, 0, 77, 54, 0, unique, at24, at28 };

	put(p, &r, sizeof(r));
}

struct got { struct event events[16]; size_t count; };

static void take(const struct event *e, void *data)
{
	struct got *g = data;

	g->events[g->count++ % 16] = *e;
}

static void pages(void **state)
{
	struct event_layout l = parse_layout();
	struct page p = { .used = 0 };
	struct got g = { .count = 0 };

	(void)state;
	memcpy(p.bytes, &(uint64_t) { 1000 }, 8);
	put_header(&p, 8, 5);				/* 8 words */
	put_record(&p, 1293, 4, 1, 45);
	put_header(&p, TYPE_EXTEND, 3);			/* 2^27 + 3 later */
	put_word(&p, 1);
	put_header(&p, 8, 0);
	put_record(&p, 7, 9, 9, 9);			/* another kind of event */
	put_header(&p, TYPE_PADDING, 2);		/* a discarded event */
	put_word(&p, 12);
	put(&p, "discards", 8);
	put_header(&p, TYPE_LONG, 10);
	put_word(&p, 36);
	put_record(&p, 1292, 4, 16, (uint32_t)-38);
	put_header(&p, TYPE_STAMP, 6);
	put_word(&p, 4);
	put_header(&p, 8, 1);
	put_record(&p, 1293, 6, 3, 56);
	/* The upper bits of the commit word hold the number of lost events. */
	p.bytes[8 + 3] |= 0xc0;
	event_each(&l, p.bytes, take, &g);
	assert_int_equal(g.count, 3);
	assert_int_equal(g.events[0].time, 1005);
	assert_int_equal(g.events[0].opcode, 1);
	assert_int_equal(g.events[0].pid, 77);
	assert_int_equal(g.events[0].connection, 54);
	assert_int_equal(g.events[1].time, 1005 + (1 << 27) + 3 + 2 + 10);
	assert_true(g.events[1].end);
	assert_int_equal(g.events[1].unique, 4);
	assert_int_equal(g.events[1].error, -38);
	assert_int_equal(g.events[2].time, ((uint64_t)4 << 27) + 6 + 1);
}

/* A page of any bytes is read only within its size (the sanitizer checks). */
static void noise(void **state)
{
	struct event_layout l = parse_layout();
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		static unsigned char bytes[4096];
		struct got g = { .count = 0 };

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)((random = random * 1664525 + 1013904223) >> 24);
		if (round % 2)
			memset(bytes + 9, 0xff, 7);
		event_each(&l, bytes, take, &g);
	}
}

/* ---- Requests ---- */

static void requests(void **state)
{
	enum { MANY = 4000 };
	struct requests r = { .room = 0 };
	struct event sent;

	(void)state;
	assert_false(requests_take(&r, &(struct event) { .unique = 2 }, &sent));
	/* Requests end in any order, and each is found once. */
	for (uint64_t i = 1; i <= MANY; i++)
		assert_int_equal(requests_add(&r, &(struct event) { .unique = i * 2, .connection = (uint32_t)(i % 3), .time = i }), 0);
	assert_int_equal(r.count, MANY);
	for (uint64_t n = 1; n <= MANY; n++) {
		uint64_t i = n * 2741 % MANY + 1;
		struct event end = { .unique = i * 2, .connection = (uint32_t)(i % 3) };

		assert_true(requests_take(&r, &end, &sent));
		assert_int_equal(sent.time, i);
		assert_false(requests_take(&r, &end, &sent));
	}
	assert_int_equal(r.count, 0);
}

static void operations(void **state)
{
	(void)state;
	assert_string_equal(request_name(1), "LOOKUP");
	assert_string_equal(request_name(26), "INIT");
	assert_string_equal(request_name(52), "STATX");
	assert_null(request_name(0));
	assert_null(request_name(7));
	assert_null(request_name(53));
	assert_null(request_name(4096));
	assert_int_equal(request_opcode("READDIR", 7), 28);
	assert_int_equal(request_opcode("READDIRPLUS", 7), 28);
	assert_int_equal(request_opcode("-", 1), 0);
	assert_int_equal(request_opcode("", 0), 0);
	assert_int_equal(request_opcode("lookup", 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(pages),
		cmocka_unit_test(noise),
		cmocka_unit_test(requests),
		cmocka_unit_test(operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
