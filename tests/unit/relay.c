/* SPDX-License-Identifier: MIT */
/* The relay of fmount --keep: its tables, and what it changes in messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../applets/fmount/relay_table.c"
#include "../../applets/fmount/relay_ids.c"
#include "../../applets/fmount/relay_calls.c"
#include "../../applets/fmount/relay_request.c"
#include "../../applets/fmount/relay_reply.c"

static void forget_of_server(void *message, size_t size);
static struct relay_names names = { .tell = forget_of_server };

/* ---- Tables ---- */

static void table(void **state)
{
	struct relay_table t = { .room = 0 };
	uint32_t slots[1000];

	(void)state;
	relay_limits.most = 1024;
	assert_int_equal(relay_table_find(&t, 7), RELAY_NO_SLOT);
	for (uint32_t i = 0; i < 1000; i++)
		slots[i] = relay_table_add(&t, i * 64, i);
	for (uint32_t i = 0; i < 1000; i += 2)
		relay_table_remove(&t, slots[i]);
	assert_int_equal(t.count, 500);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(relay_table_find(&t, i * 64), i % 2 ? slots[i] : RELAY_NO_SLOT);
	/* A removed slot is used again before a new one. */
	assert_true(relay_table_add(&t, 1, 1) < 1000);
	assert_int_equal(t.slots[relay_table_find(&t, 64)].value, 1);
	/* No more than relay_limits.most, and a removed one makes room. */
	for (uint64_t i = 100000; t.count < 1024; i++)
		assert_int_not_equal(relay_table_add(&t, i, 0), RELAY_NO_SLOT);
	assert_int_equal(relay_table_add(&t, 5, 0), RELAY_NO_SLOT);
	relay_table_remove(&t, 7);
	assert_int_equal(relay_table_add(&t, 5, 0), 7);
	relay_table_clear(&t);
	assert_int_equal(relay_table_find(&t, 64), RELAY_NO_SLOT);
}

/* The most keys in one chain. */
static uint32_t longest_chain(const struct relay_table *t)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < t->room; i++) {
		uint32_t length = 0;

		for (uint32_t at = t->heads[i]; at; at = t->slots[at - 1].next)
			length++;
		longest = length > longest ? length : longest;
	}
	return longest;
}

/* Keys that a server chooses, knowing the program and not the secret: multiples of a number make one chain of them
   without a secret multiplier, and differences in the highest bits alone if other bits of the product are used. */
static void chains(void **state)
{
	static const uint64_t inverse = 0xf1de83e19937733du;	/* of 0x9e3779b97f4a7c15, modulo 2^64 */
	struct relay_limits before = relay_limits;

	(void)state;
	assert_true(inverse * 0x9e3779b97f4a7c15u == 1);
	relay_limits = (struct relay_limits) { .most = 1 << 16 };
	relay_table_limit(0, 0x7c6e3a91b5d04f27u);
	for (int kind = 0; kind < 3; kind++) {
		struct relay_table t = { .room = 0 };

		for (uint64_t i = 0; i < 20000; i++)
			relay_table_add(&t, kind == 0 ? inverse * i : kind == 1 ? i << 49 : i * 4096, 0);
		assert_true(longest_chain(&t) < 200);
		relay_table_clear(&t);
	}
	/* As many as there are kilobytes of memory, and what an index has room for. */
	relay_table_limit((uint64_t)1 << 32, 1);
	assert_int_equal(relay_limits.most, 1 << 22);
	relay_table_limit(UINT64_MAX, 1);
	assert_int_equal(relay_limits.most, 1 << RELAY_INDEX_BITS);
	relay_limits = before;
}

static void ids(void **state)
{
	struct relay_ids i = { .table = { .room = 0 } };
	uint64_t first = relay_ids_give(&i, 42), server = 0, second;

	(void)state;
	assert_int_equal(relay_ids_give(&i, 42), first);
	assert_int_not_equal(relay_ids_give(&i, 43), first);
	assert_int_equal(relay_ids_known(&i, 42), first);
	assert_int_equal(relay_ids_known(&i, 44), 0);
	assert_true(relay_ids_find(&i, first, &server));
	assert_int_equal(server, 42);
	assert_false(relay_ids_find(&i, 42, &server));
	assert_false(relay_ids_find(&i, first + 2, &server));
	/* It is known until the last reference is dropped, and an excess of them changes nothing else. */
	relay_ids_drop(&i, first, 1);
	assert_true(relay_ids_find(&i, first, &server));
	relay_ids_drop(&i, first, 5);
	assert_false(relay_ids_find(&i, first, &server));
	relay_ids_drop(&i, first, 1);
	assert_int_equal(i.table.count, 1);
	/* A number that was dropped is never given again, though its slot is used again. */
	second = relay_ids_give(&i, 44);
	assert_true(index_of(second) == index_of(first));
	assert_true(second != first);
	assert_false(relay_ids_find(&i, first, &server));
	relay_ids_drop(&i, first, 1);
	assert_true(relay_ids_find(&i, second, &server));
	relay_ids_drop(&i, second, 1);
	second = relay_ids_give(&i, 42);
	assert_true(second != first);
	relay_ids_drop(&i, second, 1);
	/* The numbers of one life mean nothing in the next. */
	first = relay_ids_give(&i, 42);
	relay_ids_end_life(&i);
	assert_false(relay_ids_find(&i, first, &server));
	assert_int_not_equal(relay_ids_give(&i, 42), first);
	assert_false(relay_ids_find(&i, first, &server));
	relay_ids_end_life(&i);
}

/* ---- Requests in flight ---- */

static uint64_t answered[8];
static int errors[8], answers;

static void answer(uint64_t unique, int error)
{
	answered[answers] = unique;
	errors[answers++] = error;
}

static struct message {
	union { struct fuse_in_header in; struct fuse_out_header out; };
	union {
		uint64_t words[40];
		struct fuse_entry_out entry;
		struct fuse_create_in create;
		struct fuse_setxattr_in xattr;
		char bytes[320];
	};
} m;

static struct message *request(uint32_t opcode, uint64_t unique, uint64_t node)
{
	m = (struct message) { .in = { .len = sizeof(m.in) + 64, .opcode = opcode, .unique = unique, .nodeid = node } };
	return &m;
}

static int deliver(uint32_t opcode, uint64_t unique, uint64_t node)
{
	return relay_request(&names, request(opcode, unique, node), sizeof(m.in) + 64);
}

static void end_life(bool drained, int error)
{
	relay_names_end_life(&names, &(struct relay_end) { drained, error, answer });
}

static void begin_life(void)
{
	answers = 0;
	names.opens = false;
	end_life(true, 0);
	relay_table_clear(&names.calls);
	answers = 0;
}

static void death(void **state)
{
	(void)state;
	begin_life();
	assert_int_equal(deliver(FUSE_GETATTR, 2, 1), RELAY_PASS);
	assert_int_equal(deliver(FUSE_MKDIR, 4, 1), RELAY_PASS);
	assert_int_equal(deliver(FUSE_UNLINK, 6, 1), RELAY_PASS);
	relay_calls_unread(&names.calls, 6);
	end_life(true, 0);
	/* Only what may have been carried out, and must not be twice, ends. */
	assert_int_equal(answers, 1);
	assert_int_equal(answered[0], 4);
	assert_int_equal(errors[0], -EIO);
	/* The kernel delivers the others again. */
	assert_int_equal(deliver(FUSE_GETATTR, 2 | FUSE_UNIQUE_RESEND, 1), RELAY_PASS);
	assert_int_equal(m.in.unique, 2);
	assert_int_equal(deliver(FUSE_UNLINK, 6 | FUSE_UNIQUE_RESEND, 1), RELAY_PASS);
	/* The reply has the bit that the kernel wants. */
	m = (struct message) { .out = { .len = sizeof(m.out), .unique = 6 } };
	assert_int_equal(relay_reply(&names, &m, sizeof(m.out)), RELAY_PASS);
	assert_true(m.out.unique == (6 | FUSE_UNIQUE_RESEND));
	/* Of the first server's requests nobody knows how far they are. */
	assert_int_equal(deliver(FUSE_RENAME, 8 | FUSE_UNIQUE_RESEND, 1), -EIO);
	/* The server is at it while the kernel delivers it again. */
	assert_int_equal(deliver(FUSE_GETATTR, 2 | FUSE_UNIQUE_RESEND, 1), RELAY_DROP);
	/* Without resending, all that is in flight ends. */
	answers = 0;
	end_life(true, -ESTALE);
	assert_int_equal(answers, 1);
	assert_true(answered[0] == (2 | FUSE_UNIQUE_RESEND));
	assert_int_equal(errors[0], -ESTALE);
	/* Once the kernel had nothing more to deliver, a request that is not known has been read by no server: fumount --wake
	   has given it back. */
	begin_life();
	names.known = true;
	assert_int_equal(deliver(FUSE_RENAME, 12 | FUSE_UNIQUE_RESEND, 1), RELAY_PASS);
	begin_life();
	names.known = false;
	assert_int_equal(names.calls.count, 0);
}

static bool is_sent_once(uint32_t opcode, uint32_t first, uint32_t second)
{
	request(opcode, 0, 1);
	m.create = (struct fuse_create_in) { first, second, 0, 0 };
	return is_once(&m.in, sizeof(m));
}

static void once(void **state)
{
	(void)state;
	assert_false(is_sent_once(FUSE_CREATE, O_RDWR | O_CREAT, 0));
	assert_true(is_sent_once(FUSE_CREATE, O_CREAT | O_EXCL, 0));
	assert_false(is_sent_once(FUSE_SETXATTR, 1, 0));
	assert_true(is_sent_once(FUSE_SETXATTR, 1, 1));
	assert_true(is_sent_once(FUSE_RENAME2, 0, 0));
	assert_false(is_sent_once(FUSE_SETATTR, 0, 0));
	assert_false(is_sent_once(FUSE_INIT + 64, 0, 0));
}

/* ---- Numbers ---- */

static int reply(uint64_t unique, int error, size_t body)
{
	m.out = (struct fuse_out_header) { .len = (uint32_t)(sizeof(m.out) + body), .error = error, .unique = unique };
	return relay_reply(&names, &m, sizeof(m.out) + body);
}

/* struct message has the requests' longer header. */
static uint64_t look_up(uint64_t unique, uint64_t server)
{
	struct fuse_entry_out *entry = (void *)(&m.out + 1);

	assert_int_equal(deliver(FUSE_LOOKUP, unique, 1), RELAY_PASS);
	*entry = (struct fuse_entry_out) { .nodeid = server, .attr = { .mode = S_IFREG } };
	assert_int_equal(reply(unique, 0, sizeof(*entry)), RELAY_PASS);
	return entry->nodeid;
}

static uint64_t forgotten[4];
static int forgets;

static void forget_of_server(void *message, size_t size)
{
	const struct { struct fuse_in_header head; struct fuse_forget_in in; } *f = message;

	assert_int_equal(size, sizeof(*f));
	assert_int_equal(f->head.len, size);
	assert_int_equal(f->head.opcode, FUSE_FORGET);
	assert_int_equal(f->in.nlookup, 1);
	forgotten[forgets++] = f->head.nodeid;
}

static void nodes(void **state)
{
	uint64_t node, other;

	(void)state;
	begin_life();
	node = look_up(2, 5);
	other = look_up(4, 6);
	assert_int_equal(look_up(6, 5), node);
	assert_int_equal(look_up(8, 0), 0);
	assert_int_equal(deliver(FUSE_GETATTR, 10, node), RELAY_PASS);
	assert_int_equal(m.in.nodeid, 5);
	request(FUSE_RENAME2, 12, node)->words[0] = other;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 64), RELAY_PASS);
	assert_int_equal(m.words[0], 6);
	request(FUSE_RENAME, 14, 1)->words[0] = 6;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 64), -ESTALE);
	/* Copying names a second node behind the first handle. */
	request(FUSE_COPY_FILE_RANGE, 16, node)->words[2] = other;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 56), RELAY_PASS);
	assert_int_equal(m.words[2], 6);
	/* What the first server gave out is stale, and its files are released without an error. */
	assert_int_equal(deliver(FUSE_GETATTR, 18, 5), -ESTALE);
	assert_int_equal(deliver(FUSE_RELEASE, 20, 5), RELAY_DONE);
	assert_int_equal(deliver(FUSE_FLUSH, 22, 5), -ESTALE);
	/* 5 has two lookups, 6 has one. The stale one is left out. */
	request(FUSE_BATCH_FORGET, 24, 0);
	memcpy(m.words, (const uint64_t[]) { 3, node, 1, 77, 1, other, 1 }, 7 * sizeof(uint64_t));
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 56), RELAY_PASS);
	assert_int_equal((uint32_t)m.words[0], 2);
	assert_int_equal(m.in.len, sizeof(m.in) + 40);
	assert_int_equal(m.words[1], 5);
	assert_int_equal(m.words[3], 6);
	assert_int_equal(deliver(FUSE_GETATTR, 26, node), RELAY_PASS);
	assert_int_equal(deliver(FUSE_GETATTR, 28, other), -ESTALE);
	request(FUSE_FORGET, 30, node)->words[0] = 1;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 8), RELAY_PASS);
	assert_int_equal(m.in.nodeid, 5);
	request(FUSE_FORGET, 32, node)->words[0] = 1;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 8), RELAY_DROP);
}

static void root_handles(void **state)
{
	uint64_t *open = (uint64_t *)(void *)(&m.out + 1), handle;

	(void)state;
	begin_life();
	assert_int_equal(deliver(FUSE_OPENDIR, 2, 1), RELAY_PASS);
	*open = 0x1234;
	assert_int_equal(reply(2, 0, sizeof(struct fuse_open_out)), RELAY_PASS);
	handle = *open;
	assert_int_not_equal(handle, 0x1234);
	request(FUSE_READDIR, 4, 1)->words[0] = handle;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 40), RELAY_PASS);
	assert_int_equal(m.words[0], 0x1234);
	/* A handle of another life never reaches the server: it could be an address there. */
	request(FUSE_READDIR, 6, 1)->words[0] = 0x1234;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 40), -ESTALE);
	request(FUSE_GETATTR, 8, 1)->words[0] = FUSE_GETATTR_FH;
	m.words[1] = 0x1234;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 16), RELAY_PASS);
	assert_int_equal(m.words[0], 0);
	assert_int_equal(m.words[1], 0);
	request(FUSE_RELEASEDIR, 10, 1)->words[0] = handle;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 24), RELAY_PASS);
	request(FUSE_READDIR, 12, 1)->words[0] = handle;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 40), -ESTALE);
}

static int read_root(uint64_t unique, uint64_t handle)
{
	request(FUSE_READDIR, unique, 1)->words[0] = handle;
	return relay_request(&names, &m, sizeof(m.in) + 40);
}

/* Handle 0 of an earlier server never reaches a later one, which may have given 0 to somebody else. */
static void root_handle_zero(void **state)
{
	uint64_t *open = (uint64_t *)(void *)(&m.out + 1), handle;

	(void)state;
	begin_life();
	assert_int_equal(read_root(2, 0), RELAY_PASS);
	assert_int_equal(deliver(FUSE_RELEASEDIR, 4, 1), RELAY_DONE);
	assert_int_equal(deliver(FUSE_OPENDIR, 6, 1), RELAY_PASS);
	*open = 0;
	assert_int_equal(reply(6, 0, sizeof(struct fuse_open_out)), RELAY_PASS);
	handle = *open;
	assert_int_not_equal(handle, 0);
	assert_int_equal(read_root(8, handle), RELAY_PASS);
	assert_int_equal(m.words[0], 0);
	assert_int_equal(read_root(10, 0), -ESTALE);
	end_life(true, 0);
	assert_int_equal(read_root(12, handle), -ESTALE);
	assert_int_equal(read_root(14, 0), -ESTALE);
	assert_int_equal(deliver(FUSE_RELEASEDIR, 16, 1), RELAY_DONE);
	/* A server without handles, for the kernel from then on. */
	assert_int_equal(deliver(FUSE_OPENDIR, 18, 1), RELAY_PASS);
	assert_int_equal(reply(18, -ENOSYS, 0), RELAY_PASS);
	assert_int_equal(read_root(20, 0), RELAY_PASS);
}

/* ---- Replies of a server that errs ---- */

static void wrong_replies(void **state)
{
	(void)state;
	begin_life();
	assert_int_equal(deliver(FUSE_LOOKUP, 2, 1), RELAY_PASS);
	assert_int_equal(relay_reply(&names, &m, 15), RELAY_DROP);
	assert_int_equal(reply(4, 0, 128), RELAY_DROP);
	assert_int_equal(reply(2, 0, 120), -EIO);
	assert_int_equal(reply(2, 0, 128), RELAY_DROP);
	assert_int_equal(deliver(FUSE_LOOKUP, 6, 1), RELAY_PASS);
	m.out = (struct fuse_out_header) { .len = 400, .unique = 6 };
	assert_int_equal(relay_reply(&names, &m, 144), -EIO);
	/* An INTERRUPT is passed on while its request is in flight, and so are its two answers. */
	request(FUSE_INTERRUPT, 9, 0)->words[0] = 8;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 8), RELAY_DROP);
	assert_int_equal(deliver(FUSE_READ, 8, 1), RELAY_PASS);
	request(FUSE_INTERRUPT, 9, 0)->words[0] = 8;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 8), RELAY_PASS);
	assert_int_equal(reply(9, -EAGAIN, 0), RELAY_PASS);
	assert_int_equal(reply(9, -EIO, 0), RELAY_DROP);
	assert_int_equal(reply(11, -EAGAIN, 0), RELAY_DROP);
}

/* Puts one entry of READDIRPLUS, with this name, at `at`. Returns its size. */
static size_t put_entry(char *at, uint64_t node, const char *name)
{
	struct fuse_direntplus *e = (void *)at;

	e->entry_out.nodeid = node;
	e->entry_out.attr.mode = S_IFREG;
	e->dirent.namelen = (uint32_t)strlen(name);
	memcpy(e->dirent.name, name, e->dirent.namelen);
	return FUSE_DIRENTPLUS_SIZE(e);
}

static void directory(void **state)
{
	static struct { struct fuse_out_header out; char entries[1024]; } d;
	size_t size = put_entry(d.entries, 1, "."), second = size, third;

	(void)state;
	begin_life();
	assert_int_equal(deliver(FUSE_READDIRPLUS, 2, 1), RELAY_PASS);
	size += put_entry(d.entries + size, 9, "nine");
	third = size;
	size += put_entry(d.entries + size, 10, "cut off");
	d.out = (struct fuse_out_header) { .len = (uint32_t)(sizeof(d.out) + size - 8), .unique = 2 };
	assert_int_equal(relay_reply(&names, &d, d.out.len), RELAY_PASS);
	assert_int_equal(*(uint64_t *)(void *)d.entries, 0);
	assert_int_equal(*(uint64_t *)(void *)(d.entries + second), relay_ids_known(&names.nodes, 9));
	assert_int_equal(*(uint64_t *)(void *)(d.entries + third), 10);
	assert_int_equal(names.nodes.table.count, 1);
}

/* A directory of two names, one of them as given. */
static int list_with(uint64_t unique, const char *name, uint32_t mode)
{
	static struct { struct fuse_out_header out; char entries[8192]; } d;
	size_t size = put_entry(d.entries, 9, "nine"), at = size;

	assert_int_equal(deliver(FUSE_READDIRPLUS, unique, 1), RELAY_PASS);
	size += put_entry(d.entries + at, 10, name);
	((struct fuse_direntplus *)(void *)(d.entries + at))->entry_out.attr.mode = mode;
	d.out = (struct fuse_out_header) { .len = (uint32_t)(sizeof(d.out) + size), .unique = unique };
	return relay_reply(&names, &d, d.out.len);
}

/* What the kernel would reject without a FORGET gets no reference. */
static void senseless_entries(void **state)
{
	struct fuse_entry_out *entry = (void *)(&m.out + 1);
	char longest[4097] = "";

	(void)state;
	begin_life();
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(list_with(2, "a/b", S_IFREG), -EIO);
	assert_int_equal(list_with(4, "", S_IFREG), -EIO);
	assert_int_equal(list_with(6, longest, S_IFREG), -EIO);
	assert_int_equal(names.nodes.table.count, 0);
	assert_int_equal(list_with(8, "no type", 0), RELAY_PASS);
	assert_int_equal(relay_ids_known(&names.nodes, 10), 0);
	assert_int_equal(names.nodes.table.count, 1);
	for (uint64_t i = 10; i < 14; i += 2) {
		assert_int_equal(deliver(FUSE_LOOKUP, i, 1), RELAY_PASS);
		*entry = (struct fuse_entry_out) { .nodeid = i, .attr = { .mode = i == 10 ? 0 : S_IFREG, .size = i == 12 ? UINT64_MAX : 0 } };
		assert_int_equal(reply(i, 0, sizeof(*entry)), -EIO);
	}
	assert_int_equal(names.nodes.table.count, 1);
}

/* The kernel has not taken a reply, since another process has answered the request. */
static void refused(void **state)
{
	uint64_t *open = (uint64_t *)(void *)(&m.out + 1);
	struct { struct fuse_out_header out; char entries[512]; } d;
	size_t size;

	(void)state;
	begin_life();
	forgets = 0;
	look_up(2, 5);
	look_up(4, 5);
	relay_refused(&names, &m, sizeof(m.out) + sizeof(struct fuse_entry_out));
	assert_int_equal(forgets, 1);
	assert_int_equal(forgotten[0], 5);
	request(FUSE_FORGET, 6, relay_ids_known(&names.nodes, 5))->words[0] = 1;
	assert_int_equal(relay_request(&names, &m, sizeof(m.in) + 8), RELAY_PASS);
	assert_int_equal(names.nodes.table.count, 0);
	assert_int_equal(deliver(FUSE_READDIRPLUS, 8, 1), RELAY_PASS);
	memset(&d, 0, sizeof(d));
	size = put_entry(d.entries, 1, ".");
	size += put_entry(d.entries + size, 6, "six");
	size += put_entry(d.entries + size, 7, "seven");
	d.out = (struct fuse_out_header) { .len = (uint32_t)(sizeof(d.out) + size), .unique = 8 };
	assert_int_equal(relay_reply(&names, &d, d.out.len), RELAY_PASS);
	assert_int_equal(names.nodes.table.count, 2);
	relay_refused(&names, &d, d.out.len);
	assert_int_equal(names.nodes.table.count, 0);
	assert_int_equal(forgets, 3);
	assert_int_equal(forgotten[2], 7);
	assert_int_equal(deliver(FUSE_OPENDIR, 10, 1), RELAY_PASS);
	*open = 0x1234;
	assert_int_equal(reply(10, 0, sizeof(struct fuse_open_out)), RELAY_PASS);
	assert_int_equal(names.handles.table.count, 1);
	relay_refused(&names, &m, sizeof(m.out) + sizeof(struct fuse_open_out));
	assert_int_equal(names.handles.table.count, 0);
	/* An error gives nothing. */
	assert_int_equal(deliver(FUSE_LOOKUP, 12, 1), RELAY_PASS);
	assert_int_equal(reply(12, -ENOENT, 0), RELAY_PASS);
	relay_refused(&names, &m, sizeof(m.out));
	assert_int_equal(forgets, 3);
}

/* The caller gets an error, the kernel no node, and the server a FORGET. It lives on. */
static void full(void **state)
{
	struct fuse_entry_out *entry = (void *)(&m.out + 1);
	struct { struct fuse_out_header out; char entries[512]; } d;
	size_t size;

	(void)state;
	begin_life();
	relay_limits.most = 1024;
	for (uint64_t i = 0; i < 1024; i++)
		look_up(2 + 2 * i, 1000 + i);
	forgets = 0;
	assert_int_equal(deliver(FUSE_LOOKUP, 9000, 1), RELAY_PASS);
	*entry = (struct fuse_entry_out) { .nodeid = 5000, .attr = { .mode = S_IFDIR } };
	assert_int_equal(reply(9000, 0, sizeof(*entry)), -ENFILE);
	assert_int_equal(forgets, 1);
	assert_int_equal(forgotten[0], 5000);
	assert_int_equal(deliver(FUSE_READDIRPLUS, 9002, 1), RELAY_PASS);
	memset(&d, 0, sizeof(d));
	size = put_entry(d.entries, 5001, "new");
	size += put_entry(d.entries + size, 1000, "known");
	d.out = (struct fuse_out_header) { .len = (uint32_t)(sizeof(d.out) + size), .unique = 9002 };
	assert_int_equal(relay_reply(&names, &d, d.out.len), RELAY_PASS);
	assert_int_equal(*(uint64_t *)(void *)d.entries, 0);
	assert_int_equal(forgotten[1], 5001);
	assert_true(*(uint64_t *)(void *)(d.entries + FUSE_REC_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + 3)) == relay_ids_known(&names.nodes, 1000));
	assert_int_equal(forgets, 2);
	begin_life();
	assert_int_equal(names.nodes.table.count, 0);
}

/* A call that no server had read, and that was not delivered in the life after: it still is if that life was too short for
   the relay to have read the whole queue, else its caller was killed. */
static void undelivered(void **state)
{
	(void)state;
	begin_life();
	assert_int_equal(deliver(FUSE_MKDIR, 2, 1), RELAY_PASS);
	relay_calls_unread(&names.calls, 2);
	end_life(true, 0);
	assert_int_equal(names.calls.count, 1);
	end_life(false, 0);
	assert_int_equal(names.calls.count, 1);
	assert_int_equal(deliver(FUSE_MKDIR, 2 | FUSE_UNIQUE_RESEND, 1), RELAY_PASS);
	relay_calls_unread(&names.calls, 2);
	end_life(true, 0);
	assert_int_equal(names.calls.count, 1);
	end_life(true, 0);
	assert_int_equal(names.calls.count, 0);
	assert_int_equal(answers, 0);
}

static void notifications_of_server(void **state)
{
	uint64_t *body = (uint64_t *)(void *)(&m.out + 1), node;

	(void)state;
	begin_life();
	node = look_up(2, 5);
	*body = 5;
	assert_int_equal(reply(0, FUSE_NOTIFY_INVAL_INODE, 24), RELAY_SLOWLY);
	assert_int_equal(*body, node);
	*body = 6;
	assert_int_equal(reply(0, FUSE_NOTIFY_INVAL_INODE, 24), RELAY_DROP);
	body[0] = 1;
	body[1] = 5;
	assert_int_equal(reply(0, FUSE_NOTIFY_DELETE, 24), RELAY_SLOWLY);
	assert_int_equal(body[1], node);
	assert_int_equal(reply(0, FUSE_NOTIFY_DELETE, 8), RELAY_DROP);
	assert_int_equal(reply(0, FUSE_NOTIFY_RESEND, 0), RELAY_DROP);
	assert_int_equal(reply(0, FUSE_NOTIFY_PRUNE, 24), RELAY_DROP);
	assert_int_equal(reply(0, 1000, 24), RELAY_DROP);
	assert_int_equal(reply(0, -1, 0), RELAY_DROP);
	assert_int_equal(reply(0, FUSE_NOTIFY_POLL, 8), RELAY_PASS);
}

static void init(void **state)
{
	struct fuse_init_in in = { .flags = UINT32_MAX, .flags2 = UINT32_MAX };

	(void)state;
	relay_limit_init(&in, 16);
	assert_int_equal(in.flags2, UINT32_MAX);
	assert_int_equal(in.flags & FUSE_SPLICE_READ, 0);
	relay_limit_init(&in, sizeof(in));
	assert_int_equal(in.flags2 & (uint32_t)(FUSE_OVER_IO_URING >> 32), 0);
	assert_int_equal(in.flags2 & (uint32_t)(FUSE_PASSTHROUGH >> 32), 0);
	assert_int_not_equal(in.flags2 & (uint32_t)(FUSE_HAS_RESEND >> 32), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(chains), cmocka_unit_test(ids), cmocka_unit_test(death), cmocka_unit_test(once),
		cmocka_unit_test(nodes), cmocka_unit_test(root_handles), cmocka_unit_test(root_handle_zero), cmocka_unit_test(wrong_replies),
		cmocka_unit_test(directory), cmocka_unit_test(senseless_entries), cmocka_unit_test(refused),
		cmocka_unit_test(full), cmocka_unit_test(undelivered), cmocka_unit_test(notifications_of_server), cmocka_unit_test(init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
