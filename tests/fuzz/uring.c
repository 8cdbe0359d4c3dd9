/* SPDX-License-Identifier: MIT */
/* Requests over io_uring, with a fake ring: completions in any order, with headers and payloads
   of any bytes, errors, and requests over /dev/fuse in between. */
#include "../../core/fuse/uring.c"

#include <stdlib.h>

#include "fake.h"
#include "fuzz.h"

enum { QUEUES = 3, ROOM = 16, MOST = 64 };

static struct {
	struct input in;
	uint32_t commands, completions;
	uint32_t at_kernel;	/* a bit for each queue that has an entry there */
	bool polled, enabled, device;
	struct ring_command put[ROOM];
} kernel;

/* ---- Threads: one after the other ---- */

static void *(*started)(void *);
static void *started_with[QUEUES];
static uint32_t threads;

int thread_start(void *(*run)(void *), void *arg)
{
	started = run;
	MUST(threads < QUEUES);
	started_with[threads++] = arg;
	return 0;
}

void thread_lock(int *lock) { MUST(!*lock); *lock = 1; }
void thread_unlock(int *lock) { MUST(*lock); *lock = 0; }
int thread_cpus(void) { return QUEUES; }
int thread_possible_cpus(void) { return QUEUES; }
void thread_bind(int cpu) { MUST(cpu >= 0 && cpu < QUEUES); }
void thread_own_umask(void) { }

/* ---- The ring ---- */

int ring_open(struct ring *ring, uint32_t entries)
{
	MUST(entries <= ROOM);
	ring->fd = 3;
	ring->waiting = 0;
	ring->mask = entries;	/* the number of entries; this fake ring has no other use for the
				   mask */
	return input_byte(&kernel.in) == 0xff ? -EPERM : 0;
}

int ring_enable(struct ring *ring)
{
	(void)ring;
	kernel.enabled = true;
	return input_byte(&kernel.in) == 0xff ? -EINVAL : 0;
}

struct ring_command *ring_put(struct ring *ring, uint8_t opcode)
{
	struct ring_command *c = kernel.put + ring->waiting;

	MUST(kernel.enabled && ring->waiting < ring->mask);	/* the kernel would overwrite an
								   entry */
	ring->waiting++;
	memset(c, 0, sizeof(*c));
	c->opcode = opcode;
	return c;
}

/* Checks what the kernel would check. */
static void submit(const struct ring_command *c)
{
	const struct fuse_uring_cmd_req *req = (const void *)c->command;
	const struct iovec *where = (const void *)(uintptr_t)c->address;
	const struct fuse_uring_req_header *header;

	if (c->opcode == RING_POLL_ADD) {
		MUST(!kernel.polled && c->user_data == DEVICE);
		kernel.polled = true;
		return;
	}
	MUST(c->opcode == RING_URING_CMD && req->qid < QUEUES && c->user_data == req->qid);
	MUST(!(kernel.at_kernel & 1u << req->qid));
	MUST(c->length == 2 && where[0].iov_len == sizeof(*header));
	fuzz_touch(where[1].iov_base, where[1].iov_len);
	kernel.at_kernel |= 1u << req->qid;
	if (c->op != FUSE_IO_URING_CMD_COMMIT_AND_FETCH) {
		MUST(c->op == FUSE_IO_URING_CMD_REGISTER && req->commit_id == 0);
		return;
	}
	header = where[0].iov_base;
	MUST(req->commit_id == header->ring_ent_in_out.commit_id);
	MUST(header->ring_ent_in_out.payload_sz <= where[1].iov_len);
	MUST(((const struct fuse_out_header *)(const void *)header->in_out)->len
	     == sizeof(struct fuse_out_header) + header->ring_ent_in_out.payload_sz);
	MUST(((const struct fuse_out_header *)(const void *)header->in_out)->error <= 0);
}

int ring_wait(struct ring *ring)
{
	for (uint32_t i = 0; i < ring->waiting; i++)
		submit(kernel.put + i);
	ring->waiting = 0;
	kernel.completions = 0;
	return kernel.in.left && kernel.commands++ < MOST ? 0 : -ENODEV;
}

/* Puts a request into a queue's entry: the input has its opcode's structure and payload. */
static void fill(struct entry *e)
{
	struct fuse_uring_req_header *h = &e->header;
	struct fuse_in_header in = { .nodeid = 1 };
	uint32_t size;

	memset(h, 0, sizeof(*h));
	in.opcode = input_byte(&kernel.in);
	in.unique = input_byte(&kernel.in);
	in.nodeid = input_byte(&kernel.in);
	in.total_extlen = input_byte(&kernel.in) & 1;
	h->ring_ent_in_out.commit_id = in.unique;
	input_bytes(&kernel.in, h->op_in, input_byte(&kernel.in) & 0x7f);
	size = input_byte(&kernel.in);
	/* The payload fills at most the entry; a larger size is announced without bytes of the
	   input. */
	size = size < 0xf0 ? (uint32_t)input_bytes(&kernel.in, e->payload, size)
	       : size == 0xf0 ? (uint32_t)rings.payload_size + 1
			      : (uint32_t)rings.payload_size - (size & 15);
	h->ring_ent_in_out.payload_sz = size;
	in.len = (uint32_t)sizeof(in) + size;
	memcpy(h->in_out, &in, sizeof(in));
}

bool ring_take(struct ring *ring, struct ring_completion *completion)
{
	uint8_t how;
	uint32_t queue;

	/* The kernel completes each submitted command once. */
	if (!kernel.in.left || kernel.completions >= ring->mask)
		return false;
	how = input_byte(&kernel.in);
	queue = how & 3;
	*completion = (struct ring_completion) { .user_data = queue };
	if (queue == 3) {
		if (!kernel.polled)
			return false;
		kernel.polled = false;
		kernel.device = true;
		completion->user_data = DEVICE;
		completion->result = 1;
	} else {
		if (!(kernel.at_kernel & 1u << queue))
			return false;
		kernel.at_kernel &= ~(1u << queue);
		if (how >= 0xf0)
			completion->result = how & 4 ? -ENOTCONN : how & 8 ? -EINVAL : -ECANCELED;
		else
			fill(rings.entries + queue);
	}
	kernel.completions++;
	return true;
}

/* ---- The device: a record at a time ---- */

ssize_t __wrap_sys_read(int fd, void *buf, size_t size);
ssize_t __wrap_sys_read(int fd, void *buf, size_t size)
{
	struct record r;

	MUST(fd == 7);
	if (!kernel.device)
		return -EAGAIN;
	kernel.device = false;
	if (!record_next(&kernel.in, &r))
		return -ENODEV;
	if (r.size > size)
		r.size = size;
	memcpy(buf, r.bytes, r.size);
	free(r.bytes);
	return (ssize_t)r.size;
}

/* ---- A file system that fills all the room that there is ---- */

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *to)
{
	(void)req;
	return node == 1 ? fuse_dir(to, 1, 0755) : fuse_file(to, node, 0644, 5);
}

static int lookup(struct fuse_req *req, uint64_t parent, const char *name)
{
	fuzz_touch_text(name);
	return fuse_entry(req, parent + 1);
}

static int read_all(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	(void)node, (void)offset;
	if (size > req->space_size)
		size = req->space_size;
	memset(req->space, 'r', size);
	return fuse_data(req, req->space, size);
}

static int write_all(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	(void)node;
	fuzz_touch(req->data, in->size);
	return fuse_size(req, in->size);
}

static int readdir(struct fuse_req *req, uint64_t node, uint64_t offset)
{
	while (fuse_dirent(req, node + 1, 8, offset & 1 ? "name" : "another name", offset + 1))
		offset++;
	return 0;
}

static int getxattr(struct fuse_req *req, uint64_t node, const char *name, uint32_t size)
{
	(void)node;
	return fuse_xattr(req, name, strlen(name), size);
}

static int do_ioctl(struct fuse_req *req, uint64_t node, const struct fuse_ioctl_in *in)
{
	(void)node;
	fuzz_touch(req->data, in->in_size);
	req->reply.body_size = sizeof(struct fuse_ioctl_out);
	return fuse_data(req, req->space, in->out_size < req->space_size ? in->out_size : req->space_size);
}

/* A payload that does not fit behind the structure of its reply. */
static int readlink(struct fuse_req *req, uint64_t node)
{
	static char target[64 * 1024];

	return fuse_data(req, target, node == 1 ? 3 : sizeof(target));
}

static const struct fuse_ops ops = {
	.attr = attr,
	.lookup = lookup,
	.read = read_all,
	.write = write_all,
	.readdir = readdir,
	.getxattr = getxattr,
	.ioctl = do_ioctl,
	.readlink = readlink,
	.max_write = 8192,
};

static void trace(const struct fuse_req *req, bool replied, uint64_t nanoseconds)
{
	(void)replied, (void)nanoseconds;
	MUST(req->reply.header.error <= 0);
}

static char *device_buffer;

static void serve(struct fuse_session *s)
{
	device_buffer = malloc(dev_buffer_size(s->ops));
	if (uring_start(s) == 0 && s->threads == 1) {
		MUST(uring_serve(s, device_buffer) <= 0);
	} else {
		for (uint32_t i = 0; i < threads; i++) {
			kernel.commands = 0;
			started(started_with[i]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	struct fuse_session session = {
		.ops = &ops,
		.device = 7,
		.page = how & 8 ? 65536 : 4096,
		.phase = FUSE_SERVING,
		.minor = 45,
		.max_write = 8192,
		.threads = how & 1 ? 1 : 1 + (how >> 4 & 3),
		.flags = how & 2 ? FUSE_MAX_PAGES : 0,
		.trace = how & 4 ? trace : NULL,
	};

	fake_start();
	memset(&kernel, 0, sizeof(kernel));
	kernel.in = in;
	threads = 0;
	device_buffer = NULL;
	/* A thread ends the process if its ring fails. */
	fake.ends = true;
	if (setjmp(fake.end) == 0 && uring_offered(&session))
		serve(&session);
	free(device_buffer);
	fake_free_pages();
	memset(&rings, 0, sizeof(rings));
	return 0;
}
