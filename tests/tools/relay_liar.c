/* SPDX-License-Identifier: MIT */
/* relay_liar HOW /dev/fd/N: a server of a directory, in which names are found or not, which lies if there is no file
 * "honest" as it begins: double: answers each request twice, and some that nobody sent; short: its replies are shorter
 * than they say; mute: does not answer GETATTR; init: rejects INIT; flood: sends notifications without end; nodes: gives out
 * a node with each LOOKUP, and the same number of it; typeless: another number each time, of a file without type;
 * small: its max_write is smaller than before; fds: sends a descriptor with each reply; features: agrees to another
 * feature once there is a file "features"; order: stores the number of each name that is looked up in "file"; late: stores
 * "old", and answers READ with "new" a moment later; behind: has the kernel drop the pages that are read, and 30,000 names, and
 * answers READ two seconds later; drown: the same without end, and never answers.
 * From the start, slow: takes two milliseconds for each request; block: instead of an answer to READ, it drops
 * the pages that are read; dies: reads INIT, and ends some time after that, until there is a file "lives"; large: it
 * creates files, has many nodes, and tells in a file "cut" of a message that is not whole; vast: takes and
 * gives 16 MiB at once, and writes to a file "most" how much the kernel has sent. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../include/fuse_kernel.h"

static const char *how = "";
static int fd;
static char stored[8] = "000000";	/* the name that was looked up last: order */
static char buffer[(16 << 20) + 4096];

static int lies(const char *name) { return strcmp(how, name) == 0; }

static void send_with_fd(const void *message, size_t size)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)message, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };

	memset(CMSG_DATA(&control.header), 0, sizeof(int));
	if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0)
		exit(errno == EPERM ? 3 : 1);
}

static void reply(uint64_t unique, int error, const void *body, size_t size)
{
	struct { struct fuse_out_header head; char body[512]; } out = { .head = { (uint32_t)(sizeof(out.head) + size), error, unique } };

	if (size)
		memcpy(out.body, body, size);
	if (lies("fds")) {
		send_with_fd(&out, out.head.len);
		return;
	}
	if (lies("short") && size && size != sizeof(struct fuse_init_out))
		size -= 8;
	if (write(fd, &out, sizeof(out.head) + size) < 0 && errno != ENOENT)
		exit(1);
	if (!lies("double"))
		return;
	for (int i = 1; i < 4; i++) {
		if (write(fd, &out, sizeof(out.head) + size) < 0 || write(fd, &out, (size_t)i) < 0)
			exit(1);
		out.head.unique = unique * 7 + (uint64_t)i;
	}
}

static int drop_pages(uint64_t node)
{
	struct { struct fuse_out_header head; struct fuse_notify_inval_inode_out what; } n = {
		.head = { sizeof(n), FUSE_NOTIFY_INVAL_INODE, 0 }, .what = { .ino = node } };

	return write(fd, &n, sizeof(n)) < 0;
}

/* A notification for the pages of a node: STORE with these seven bytes, else INVAL_INODE. */
static void notify_store(uint64_t node, const char *text)
{
	struct { struct fuse_out_header head; struct fuse_notify_store_out what; char text[8]; } n = {
		.head = { sizeof(n) - 1, FUSE_NOTIFY_STORE, 0 }, .what = { .nodeid = node, .size = 7 } };

	memcpy(n.text, text, 7);
	if (write(fd, &n, sizeof(n) - 1) < 0)
		exit(1);
}

static void drop_name(unsigned int i)
{
	struct { struct fuse_out_header head; struct fuse_notify_inval_entry_out what; char name[16]; } n = {
		.head = { .error = FUSE_NOTIFY_INVAL_ENTRY }, .what = { .parent = FUSE_ROOT_ID } };

	n.what.namelen = (uint32_t)sprintf(n.name, "%u", i);
	n.head.len = (uint32_t)(sizeof(n.head) + sizeof(n.what) + n.what.namelen + 1);
	if (write(fd, &n, n.head.len) < 0)
		exit(1);
}

static void flood(void)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;)
		if (drop_pages(FUSE_ROOT_ID))
			exit(1);
}

static void answer_init(uint64_t unique)
{
	struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = lies("small") ? 4096 : 65536 };

	if (lies("vast"))
		init = (struct fuse_init_out) { .major = 7, .minor = 31, .max_write = 16 << 20, .max_pages = 4096,
						.flags = FUSE_MAX_PAGES | FUSE_BIG_WRITES | FUSE_ASYNC_READ };
	if (lies("features") && access("features", F_OK) == 0)
		init.flags = FUSE_DONT_MASK;
	if (lies("dies") && access("lives", F_OK)) {
		usleep(200000);
		exit(4);
	}
	reply(unique, lies("init") ? -EPROTO : 0, &init, lies("init") ? 0 : sizeof(init));
	if (lies("flood"))
		flood();
}

static const uint64_t vast = 64 << 20;

static int has_file(void)
{
	static const char *const those[] = { "block", "order", "late", "behind", "drown", "vast" };

	for (size_t i = 0; i < sizeof(those) / sizeof(*those); i++)
		if (lies(those[i]))
			return 1;
	return 0;
}

static void answer_lookup(uint64_t unique, const char *name)
{
	static uint64_t last = 5;
	struct fuse_entry_out entry = { .nodeid = 5, .attr = { .ino = 5, .mode = S_IFREG | 0644, .nlink = 1, .size = 7 } };

	if (lies("typeless"))
		entry.attr.mode = 0;
	if (lies("vast"))
		entry.attr.size = vast;
	if (has_file() && strcmp(name, "file") != 0) {
		if (lies("order")) {
			memcpy(stored, name, strnlen(name, 6));
			notify_store(5, name);
		}
		reply(unique, -ENOENT, NULL, 0);
		return;
	}
	if (lies("typeless") || lies("large"))
		entry.nodeid = ++last;
	if (lies("nodes") || lies("typeless") || has_file() || lies("large"))
		reply(unique, 0, &entry, sizeof(entry));
	else
		reply(unique, -ENOENT, NULL, 0);
}

static void reply_read(uint64_t unique, const char *text, size_t size)
{
	struct fuse_out_header *out = (void *)buffer;

	*out = (struct fuse_out_header) { (uint32_t)(sizeof(*out) + size), 0, unique };
	memset(out + 1, 'x', size);
	memcpy(out + 1, text, strlen(text));
	if (write(fd, buffer, out->len) < 0)
		exit(5);
}

static void answer_read(const struct fuse_in_header *in)
{
	static int once;
	uint32_t size = ((const struct fuse_read_in *)(const void *)(in + 1))->size;
	uint64_t unique = in->unique;

	if (lies("vast"))
		reply_read(unique, "", size);
	if (lies("order"))
		reply_read(unique, stored, 7);
	if ((lies("block") || lies("behind") || lies("drown")) && drop_pages(in->nodeid))
		exit(1);
	for (unsigned int i = 0; lies("drown") || (lies("behind") && i < 30000); i++)
		drop_name(i);
	if (lies("late") && !once++) {
		notify_store(in->nodeid, "is old\n");
		usleep(500000);
	}
	if (lies("behind"))
		usleep(2000000);
	if (lies("late") || lies("behind"))
		reply_read(unique, "is new\n", 7);
}

static void note_most(uint32_t size)
{
	static uint32_t most;
	FILE *f = size > most ? fopen("most", "w") : NULL;

	if (!f)
		return;
	most = size;
	fprintf(f, "%u", most);
	fclose(f);
}

static void answer(const struct fuse_in_header *in)
{
	struct fuse_attr_out attr = { .attr_valid = 0, .attr = { .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 } };
	struct fuse_write_out written = { .size = ((const struct fuse_write_in *)(const void *)(in + 1))->size };

	if (lies("slow"))
		usleep(2000);
	switch (in->opcode) {
	case FUSE_INIT:
		answer_init(in->unique);
		break;
	case FUSE_GETATTR:
		if (in->nodeid != FUSE_ROOT_ID)
			attr.attr = (struct fuse_attr) { .ino = in->nodeid, .mode = S_IFREG | 0644, .nlink = 1, .size = lies("vast") ? vast : 7 };
		if (!lies("mute"))
			reply(in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_LOOKUP:
		answer_lookup(in->unique, (const char *)(in + 1));
		break;
	case FUSE_READ:
		answer_read(in);
		break;
	case FUSE_WRITE:
		if (lies("vast"))
			note_most(written.size);
		reply(in->unique, 0, &written, sizeof(written));
		break;
	case FUSE_FORGET: case FUSE_BATCH_FORGET: case FUSE_INTERRUPT:
		break;
	default:
		reply(in->unique, -ENOSYS, NULL, 0);
	}
}

static int is_from_start(const char *name)
{
	return !strcmp(name, "slow") || !strcmp(name, "block") || !strcmp(name, "dies") || !strcmp(name, "large") || !strcmp(name, "vast");
}

/* The buffer is as large as max_write demands. */
int main(int argc, char **argv)
{
	const struct fuse_in_header *in = (const void *)buffer;
	ssize_t n;

	if (argc != 3 || sscanf(argv[2], "/dev/fd/%d", &fd) != 1)
		return 2;
	if (is_from_start(argv[1]) || access("honest", F_OK))
		how = argv[1];
	while ((n = read(fd, buffer, lies("vast") ? sizeof(buffer) : 65536 + 4096)) >= (ssize_t)sizeof(*in)) {
		if (n != (ssize_t)in->len && fopen("cut", "w") == NULL)
			return 1;
		answer(in);
	}
	return 0;
}
