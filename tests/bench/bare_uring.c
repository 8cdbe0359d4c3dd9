/* SPDX-License-Identifier: MIT */
/* bare_uring MOUNTPOINT [THREADS]: the least that a FUSE server can cost over io_uring. One
   entry for each queue, and one thread and ring for each queue (or THREADS for all of them),
   each bound to its CPU. The replies are ready, and no request is dispatched: a round trip is
   one io_uring_enter(2). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuse_kernel.h"

/* The kernel's side of io_uring; Debian's musl has no linux/ headers. */
enum { OP_POLL_ADD = 6, OP_URING_CMD = 46, ENTER_GETEVENTS = 1 };
enum { SETUP_SQE128 = 1 << 10, SETUP_SINGLE_ISSUER = 1 << 12, SETUP_DEFER_TASKRUN = 1 << 13,
       SETUP_NO_SQARRAY = 1 << 16 };
#define OFFSET_SQES 0x10000000

struct params {
	uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
	struct { uint32_t head, tail, mask, entries, flags, dropped, array, resv; uint64_t user; } sq;
	struct { uint32_t head, tail, mask, entries, overflow, cqes, flags, resv; uint64_t user; } cq;
};
struct sqe {
	uint8_t opcode, flags;
	uint16_t ioprio;
	int32_t fd;
	uint64_t cmd_op;
	uint64_t addr;
	uint32_t len, poll_events;
	uint64_t user_data;
	uint64_t unused;
	struct fuse_uring_cmd_req cmd;
	char rest[56];
};
struct cqe { uint64_t user_data; int32_t res; uint32_t flags; };
_Static_assert(sizeof(struct params) == 120 && sizeof(struct sqe) == 128, "the kernel's layout");

/* The smallest payload that the kernel accepts, with the lowest max_pages and max_write. */
enum { PAYLOAD = 8192 };

struct entry {
	struct fuse_uring_req_header header;
	_Alignas(8) char payload[PAYLOAD];
	struct iovec iov[2];
	uint16_t qid;
};
struct ring {
	int fd;
	uint32_t *sq_tail, sq_mask, *cq_head, *cq_tail, cq_mask, to_submit;
	struct sqe *sqes;
	struct cqe *cqes;
};

static int fuse, queues, threads;
static const struct fuse_attr_out attr = { .attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };

static void fail(const char *what)
{
	perror(what);
	_exit(1);
}

static void ring_setup(struct ring *r, uint32_t entries)
{
	struct params p = { .flags = SETUP_SQE128 | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN | SETUP_NO_SQARRAY };
	char *map;

	r->fd = (int)syscall(SYS_io_uring_setup, entries, &p);
	if (r->fd < 0)
		fail("io_uring_setup");
	map = mmap(NULL, p.cq.cqes + p.cq_entries * sizeof(struct cqe), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_POPULATE, r->fd, 0);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(struct sqe), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, OFFSET_SQES);
	if (map == MAP_FAILED || r->sqes == MAP_FAILED)
		fail("mmap");
	r->sq_tail = (uint32_t *)(void *)(map + p.sq.tail);
	r->sq_mask = p.sq_entries - 1;
	r->cq_head = (uint32_t *)(void *)(map + p.cq.head);
	r->cq_tail = (uint32_t *)(void *)(map + p.cq.tail);
	r->cq_mask = p.cq_entries - 1;
	r->cqes = (struct cqe *)(void *)(map + p.cq.cqes);
	r->to_submit = 0;
}

static struct sqe *next_sqe(struct ring *r, uint8_t opcode, uint64_t user_data)
{
	struct sqe *s = &r->sqes[(*r->sq_tail + r->to_submit++) & r->sq_mask];

	memset(s, 0, sizeof(*s));
	s->opcode = opcode;
	s->fd = fuse;
	s->user_data = user_data;
	return s;
}

static void command(struct ring *r, struct entry *e, uint32_t op)
{
	struct sqe *s = next_sqe(r, OP_URING_CMD, (uintptr_t)e);

	s->cmd_op = op;
	s->addr = (uintptr_t)e->iov;
	s->len = 2;
	s->cmd.qid = e->qid;
	if (op == FUSE_IO_URING_CMD_COMMIT_AND_FETCH)
		s->cmd.commit_id = e->header.ring_ent_in_out.commit_id;
}

static void submit_and_wait(struct ring *r)
{
	__atomic_store_n(r->sq_tail, *r->sq_tail + r->to_submit, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, r->to_submit, 1, ENTER_GETEVENTS, NULL, 0) < 0 && errno != EINTR)
		fail("io_uring_enter");
	r->to_submit = 0;
}

static void answer(struct entry *e)
{
	const struct fuse_in_header *in = (const void *)e->header.in_out;
	struct fuse_out_header out = { .len = sizeof(out), .unique = in->unique };

	e->header.ring_ent_in_out.payload_sz = 0;
	if (in->opcode == FUSE_GETATTR) {
		memcpy(e->payload, &attr, sizeof(attr));
		e->header.ring_ent_in_out.payload_sz = sizeof(attr);
		out.len += (uint32_t)sizeof(attr);
	} else {
		out.error = -ENOSYS;
	}
	memcpy(e->header.in_out, &out, sizeof(out));
}

/* FORGET and INTERRUPT still come over /dev/fuse, and need no reply. */
static void read_device(void)
{
	static char request[8192];

	while (read(fuse, request, sizeof(request)) > 0)
		;
	if (errno != EAGAIN && errno != EINTR && errno != ENOENT)
		_exit(0);	/* unmounted */
}

static void *serve(void *which)
{
	int first = (int)(intptr_t)which, mine = (queues - first + threads - 1) / threads;
	struct entry *entries = mmap(NULL, (size_t)mine * sizeof(*entries), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t size = 2;
	struct ring r;
	cpu_set_t cpu;

	if (entries == MAP_FAILED)
		fail("mmap");
	CPU_ZERO(&cpu);
	CPU_SET((size_t)first, &cpu);
	if (threads == queues)
		sched_setaffinity(0, sizeof(cpu), &cpu);	/* an offline CPU: the threads of the
								   other queues serve */
	while (size < (uint32_t)mine + 1)
		size *= 2;
	ring_setup(&r, size);
	for (int i = 0; i < mine; i++) {
		struct entry *e = &entries[i];

		e->qid = (uint16_t)(first + i * threads);
		e->iov[0] = (struct iovec) { &e->header, sizeof(e->header) };
		e->iov[1] = (struct iovec) { e->payload, sizeof(e->payload) };
		command(&r, e, FUSE_IO_URING_CMD_REGISTER);
	}
	if (first == 0)
		next_sqe(&r, OP_POLL_ADD, 0)->poll_events = POLLIN;
	for (;;) {
		uint32_t head = *r.cq_head;

		submit_and_wait(&r);
		for (; head != __atomic_load_n(r.cq_tail, __ATOMIC_ACQUIRE); head++) {
			const struct cqe *c = &r.cqes[head & r.cq_mask];
			struct entry *e = (struct entry *)(uintptr_t)c->user_data;

			if (!e) {
				read_device();
				next_sqe(&r, OP_POLL_ADD, 0)->poll_events = POLLIN;
			} else if (c->res < 0) {
				if (c->res == -ENOTCONN || c->res == -ECANCELED)
					_exit(0);	/* unmounted */
				errno = -c->res;
				fail("FUSE_IO_URING_CMD");
			} else {
				answer(e);
				command(&r, e, FUSE_IO_URING_CMD_COMMIT_AND_FETCH);
			}
		}
		__atomic_store_n(r.cq_head, head, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The kernel has a queue for every possible CPU. */
static int possible_cpus(void)
{
	char list[256], *last;
	int fd = open("/sys/devices/system/cpu/possible", O_RDONLY);
	ssize_t n = read(fd, list, sizeof(list) - 1);

	close(fd);
	if (n <= 0)
		fail("/sys/devices/system/cpu/possible");
	list[n] = '\0';
	last = strrchr(list, '-');
	return last ? atoi(last + 1) + 1 : 1;
}

static void answer_init(void)
{
	static char request[8192];
	const struct fuse_in_header *in = (const void *)request;
	struct { struct fuse_out_header header; struct fuse_init_out init; } out = {
		.header = { .len = sizeof(out) },
		.init = { .major = 7, .minor = 42, .max_write = 4096, .max_pages = 1,
			  .flags = FUSE_INIT_EXT | FUSE_MAX_PAGES, .flags2 = FUSE_OVER_IO_URING >> 32 },
	};

	if (read(fuse, request, sizeof(request)) < (ssize_t)sizeof(*in) || in->opcode != FUSE_INIT)
		fail("INIT");
	out.header.unique = in->unique;
	if (write(fuse, &out, sizeof(out)) < 0)
		fail("INIT");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char data[64];

	fuse = open("/dev/fuse", O_RDWR);
	snprintf(data, sizeof(data), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (argc < 2 || mount("bare", argv[1], "fuse.bare", MS_NOSUID | MS_NODEV, data) < 0)
		fail("mount");
	queues = possible_cpus();
	threads = argc > 2 ? atoi(argv[2]) : queues;
	if (threads < 1 || threads > queues)
		threads = queues;
	answer_init();
	fcntl(fuse, F_SETFL, O_NONBLOCK);
	for (intptr_t i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, serve, (void *)i))
			fail("thread");
	serve(NULL);
	return 0;
}
