/* SPDX-License-Identifier: MIT */
/* /dev/fuse: the loop from INIT to the end, on a device whose reads return requests or errors by
   the input, and whose writes accept replies or fail. */
#include "fuse/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "fuzz.h"
#include "sys/ring.h"
#include "sys.h"
#include "thread.h"

enum { THREADS = 256, MOST = 64 };

/* ---- Threads: one after the other, while the first one waits; and no io_uring ---- */

static struct { void *(*run)(void *); void *arg; } started[THREADS];
static uint32_t threads, begun, starts;

int thread_start(void *(*run)(void *), void *arg)
{
	if (input_byte(&fake.decisions) == 0xff)
		return -EAGAIN;
	MUST(threads < THREADS);
	started[threads].run = run;
	started[threads++].arg = arg;
	return 0;
}

void thread_lock(int *lock) { MUST(!*lock); *lock = 1; }
void thread_unlock(int *lock) { MUST(*lock); *lock = 0; }
int thread_cpus(void) { return 2; }
int thread_possible_cpus(void) { return input_byte(&fake.decisions) & 1 ? 0 : 2; }
void thread_bind(int cpu) { MUST(cpu >= 0); }
void thread_own_umask(void) { }
int ring_open(struct ring *ring, uint32_t entries) { (void)ring, (void)entries; return -ENOSYS; }
int ring_enable(struct ring *ring) { (void)ring; return -ENOSYS; }
struct ring_command *ring_put(struct ring *ring, uint8_t opcode) { (void)ring, (void)opcode; return NULL; }
int ring_wait(struct ring *ring) { (void)ring; return -ENOSYS; }
bool ring_take(struct ring *ring, struct ring_completion *completion)
{
	(void)ring, (void)completion;
	return false;
}

/* ---- The device ---- */

static struct input kernel;
static uint64_t unique;		/* unique of the last request that needs a reply; 0: none is
				   pending */
static int reads;

ssize_t __wrap_sys_read(int fd, void *buf, size_t size);
ssize_t __wrap_sys_read(int fd, void *buf, size_t size)
{
	static const int errors[] = { EINTR, EAGAIN, ENOENT, ENODEV, ECONNABORTED, EIO };
	struct record r;

	(void)fd;
	fuzz_touch(buf, size);
	unique = 0;
	if (reads++ == MOST || kernel.left < 4)
		return -ENODEV;
	if (*kernel.at == 0 && kernel.at[1] == 0xff) {	/* a size that no record here has */
		input_bytes(&kernel, &(char[2]) { 0 }, 2);
		return -errors[input_byte(&kernel) % (sizeof(errors) / sizeof(*errors))];
	}
	if (!record_next(&kernel, &r))
		return -ENODEV;
	if (r.size > size)
		r.size = size;
	memcpy(buf, r.bytes, r.size);
	if (r.size >= sizeof(struct fuse_in_header))
		unique = ((const struct fuse_in_header *)(const void *)r.bytes)->unique;
	free(r.bytes);
	return (ssize_t)r.size;
}

int __wrap_sys_poll_alive(int fd, int milliseconds);
int __wrap_sys_poll_alive(int fd, int milliseconds)
{
	(void)fd, (void)milliseconds;
	for (; begun < threads; begun++)
		started[begun].run(started[begun].arg);
	return reads > MOST || kernel.left < 4 ? -EPIPE : 1;
}

ssize_t __wrap_sys_writev(int fd, const struct iovec *iov, int count);
ssize_t __wrap_sys_writev(int fd, const struct iovec *iov, int count)
{
	static const int errors[] = { EINVAL, ENOENT, EINTR };
	const struct fuse_out_header *header = iov->iov_base;
	size_t size = 0;
	uint8_t how = input_byte(&fake.decisions);

	(void)fd;
	for (int i = 0; i < count; i++) {
		fuzz_touch(iov[i].iov_base, iov[i].iov_len);
		size += iov[i].iov_len;
	}
	MUST(header->len == size && (header->unique == unique || header->unique == 0));
	return how < 0xc0 ? (ssize_t)size : -errors[how % 3];
}

/* ---- A file system, and what is called of it ---- */

static int attr(struct fuse_req *req, uint64_t node, struct fuse_attr *to)
{
	(void)req;
	return node == 1 ? fuse_dir(to, 1, 0755) : -ENOENT;
}

static int read_some(struct fuse_req *req, uint64_t node, uint64_t offset, uint32_t size)
{
	(void)node, (void)offset;
	if (size > req->space_size)
		size = req->space_size;
	memset(req->space, 'r', size);
	return fuse_data(req, req->space, size);
}

/* Sends a notification, and replies to the request afterwards, which is at once here. */
static int write_later(struct fuse_req *req, uint64_t node, const struct fuse_write_in *in)
{
	(void)node;
	fuse_notify(req->session, FUSE_NOTIFY_INVAL_INODE, in, sizeof(*in));
	fuse_answer(req->device, req->in->unique, -EIO);
	return FUSE_LATER;
}

static const struct fuse_ops ops = {
	.attr = attr, .read = read_some, .write = write_later, .max_write = 8192
};

static void ready(struct fuse_session *session) { MUST(session->phase == FUSE_SERVING); }
static void starts_one(void) { starts++; }

static void trace(const struct fuse_req *req, bool replied, uint64_t nanoseconds)
{
	(void)nanoseconds;
	MUST(!replied || req->reply.header.len >= sizeof(req->reply.header));
}

/* The first byte selects the case; then come the results of the calls, up to a newline; then
   records. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t how = input_byte(&in);
	char *decisions = input_text(&in, '\n');
	struct fuse_session session = {
		.ops = &ops,
		.device = 7,
		.threads = how & 3,
		.transport = (enum fuse_transport)((how >> 2 & 3) % 3),
		.ready = how & 16 ? ready : NULL,
		.trace = how & 32 ? trace : NULL,
		.thread_starts = how & 64 ? starts_one : NULL,
	};

	fake_start();
	fake.decisions = (struct input) { (const uint8_t *)decisions, strlen(decisions) };
	fake.page = how & 128 ? 65536 : 0;
	kernel = in;
	threads = begun = starts = 0;
	reads = 0;
	MUST(loop_serve(&session) <= 0);
	MUST(session.phase == FUSE_ENDED);
	MUST(begun == threads);
	fake_free_pages();
	free(decisions);
	return 0;
}
