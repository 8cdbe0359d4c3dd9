/* SPDX-License-Identifier: MIT */
/* model DIR_A DIR_B SEED STEPS: makes the same random file-system calls in two directories, and compares
   their results, the data that they read, and the trees. At the first difference it prints it, leaves
   both trees as they are, and exits with 1. With 0 steps it only compares the trees.
   MODEL_TRACE=1 prints each call, to find the cause of a difference; MODEL_PASSTHROUGH=1 accepts the
   effects of FUSE's passthrough; MODEL_SANDBOX=1 makes no device nodes and no trusted attributes, which
   a sandboxed server may not make; MODEL_WRITEBACK=1 sets no set-id bits, which a late write by the
   kernel clears whoever wrote; MODEL_NO_HOLES=1 expects lseek(2) to show no holes in DIR_A, as without
   passthrough.

   Of times the model compares only whether they still are the old ones that it has set, of inode
   numbers only which names have the same one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SLOTS = 12, LONGEST = 1400 * 1024, PAGE = 4096, TREE_EVERY = 100, OTHER_USER = 1001, THIRD_USER };
enum { LONG_AGO = 1000000000 };	/* a time after all that the calls set */
static const struct timespec settled[2] = { { 1000, 0 }, { 1000, 0 } };

/* Each try_…() makes its call on one side, writes it to outcome.call, and returns what the kernel returned. */
#include "../model/draw.h"
#include "../model/tree.h"
#include "../model/files.h"
#include "../model/names.h"
#include "../model/xattrs.h"

/* ---- The other calls ---- */

struct entry { uint64_t number; int64_t offset; unsigned short size; unsigned char type; char name[]; };

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* With a buffer for a few entries; the order differs between file systems. */
static long all_entries(struct outcome *o, int fd)
{
	static char list[512][64];
	union { char bytes[300]; struct entry first; } buf;
	int count = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = getdents64(fd, &buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n && count < 512; count++) {
			const struct entry *e = (const void *)(buf.bytes + i);

			snprintf(list[count], sizeof(*list), " %s:%d", e->name, e->type);
			i += e->size;
		}
	}
	qsort(list, (size_t)count, sizeof(*list), by_text);
	for (int i = 0; i < count; i++)
		see(o, "%s", list[i]);
	return n < 0 ? n : count;
}

static long try_readdir(struct side *s, const struct draw *d)
{
	const char *path = d->pick % 4 == 0 ? "." : d->path;
	int fd;
	long n;

	if (d->pick % 4 == 1) {
		call(&s->outcome, "readdir(descriptor %d)", slot_at(s, d->slot));
		return all_entries(&s->outcome, fd_at(s, d->slot));
	}
	call(&s->outcome, "readdir(%s)", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = all_entries(&s->outcome, fd);
	close(fd);
	return n;
}

static long try_access(struct side *s, const struct draw *d)
{
	call(&s->outcome, "faccessat(%s, %d)", d->path, d->pick % 8);
	return faccessat(AT_FDCWD, d->path, d->pick % 8, AT_EACCESS);
}

static long try_lock(struct side *s, const struct draw *d)
{
	static const int hows[] = { LOCK_SH, LOCK_EX, LOCK_UN };
	struct flock range = { .l_type = (short)(d->pick2 % 3), .l_start = d->offset, .l_len = (off_t)d->length };

	if (d->pick & 1) {
		call(&s->outcome, "flock(descriptor %d, %d)", slot_at(s, d->slot), hows[d->pick2 % 3]);
		return flock(fd_at(s, d->slot), hows[d->pick2 % 3] | LOCK_NB);
	}
	call(&s->outcome, "fcntl(descriptor %d, F_OFD_SETLK, %d, %lld, %zu)", slot_at(s, d->slot),
	     range.l_type, (long long)d->offset, d->length);
	return fcntl(fd_at(s, d->slot), F_OFD_SETLK, &range);
}

/* Sets and clears O_APPEND. With passthrough it cannot be cleared: the kernel opened SOURCE's
   file with it. */
static long try_setfl(struct side *s, const struct draw *d)
{
	int fd = fd_at(s, d->slot), flags = fcntl(fd, F_GETFL);

	call(&s->outcome, "fcntl(descriptor %d, F_SETFL, %s)", slot_at(s, d->slot), flags_text(flags ^ O_APPEND));
	if (flags & O_APPEND && getenv("MODEL_PASSTHROUGH"))
		return 0;
	return fcntl(fd, F_SETFL, flags ^ O_APPEND);
}

static long try_umask(struct side *s, const struct draw *d)
{
	static const mode_t masks[] = { 0, 022, 077, 027 };

	call(&s->outcome, "umask(%o)", masks[d->pick % 4]);
	umask(masks[d->pick % 4]);
	return 0;
}

/* The kernel drops its caches: pages here, dentries and inodes on both sides at once. */
static long try_forget(struct side *s, const struct draw *d)
{
	int fd;

	(void)d;
	call(&s->outcome, "drop_caches");
	for (int i = 0; i < SLOTS; i++)
		posix_fadvise(s->fds[i], 0, 0, POSIX_FADV_DONTNEED);
	if (s != sides)
		return 0;
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "2", 1) != 1)
		perror("drop_caches"), exit(2);
	return close(fd);
}

static const struct { long (*run)(struct side *, const struct draw *); int weight; } calls[] = {
	{ try_open, 120 }, { try_tmpfile, 12 }, { try_close, 20 }, { try_write, 60 }, { try_pwrite, 60 },
	{ try_read, 40 }, { try_pread, 40 }, { try_lseek, 30 }, { try_truncate, 20 }, { try_ftruncate, 25 },
	{ try_rename, 60 }, { try_link, 25 }, { try_link_open, 12 }, { try_unlink, 35 }, { try_rmdir, 20 },
	{ try_mkdir, 40 }, { try_mknod, 6 }, { try_symlink, 12 }, { try_readlink, 12 }, { try_chmod, 20 },
	{ try_chown, 20 }, { try_utimes, 25 }, { try_fallocate, 30 }, { try_copy, 30 }, { try_sendfile, 10 },
	{ try_setxattr, 20 }, { try_getxattr, 12 }, { try_listxattr, 6 }, { try_removexattr, 8 },
	{ try_acl, 16 },	{ try_sync, 12 }, { try_mmap, 25 }, { try_readdir, 15 }, { try_access, 8 }, { try_lock, 12 },
	{ try_setfl, 6 }, { try_umask, 3 }, { try_forget, 2 },
};
enum { CALLS = sizeof(calls) / sizeof(*calls) };

static int draw_call(void)
{
	int all = 0, at;

	for (int i = 0; i < CALLS; i++)
		all += calls[i].weight;
	at = below(all);
	for (int i = 0; ; i++)
		if ((at -= calls[i].weight) < 0)
			return i;
}

/* ---- Step by step ---- */

static void look(struct side *s, const struct draw *d)
{
	int fd = fd_at(s, d->slot);
	struct stat st;

	see_attributes(&s->outcome, d->path, lstat(d->path, &st), &st);
	see_attributes(&s->outcome, d->other, lstat(d->other, &st), &st);
	if (fd >= 0)
		see_attributes(&s->outcome, "descriptor", fstat(fd, &st), &st);
}

static void run_on(struct side *s, int which, const struct draw *d)
{
	struct outcome *o = &s->outcome;

	o->size = 0;
	o->seen[0] = '\0';
	if (fchdir(s->root) < 0)
		perror(s->path), exit(2);
	become(d->user);
	errno = 0;
	o->value = calls[which].run(s, d);
	o->error = o->value < 0 ? errno : 0;
	become(0);
	if (d->look)
		look(s, d);
}

static void tell(const struct side *s)
{
	printf("%s: %ld %s%s\n", s->path, s->outcome.value, s->outcome.error ? strerrorname_np(s->outcome.error) : "",
	       s->outcome.seen);
}

static int outcomes_differ(void)
{
	const struct outcome *a = &sides[0].outcome, *b = &sides[1].outcome;
	size_t i = 0;

	if (a->value != b->value || a->error != b->error || a->size != b->size || strcmp(a->seen, b->seen) != 0) {
		tell(&sides[0]);
		tell(&sides[1]);
		return 1;
	}
	while (i < a->size && a->data[i] == b->data[i])
		i++;
	if (i < a->size)
		printf("byte %zu of %zu: %s %02x, %s %02x\n", i, a->size, sides[0].path, a->data[i], sides[1].path, b->data[i]);
	return i < a->size;
}

static void trace(int number, const struct draw *d)
{
	printf("%d as %u: %s: ", number, d->user, sides[0].outcome.call);
	tell(&sides[0]);
	fflush(stdout);
}

static int step_differs(int number)
{
	int which = draw_call();
	struct draw d = draw();

	if (calls[which].run == try_umask || calls[which].run == try_forget)
		d.user = 0;
	run_on(&sides[0], which, &d);
	run_on(&sides[1], which, &d);
	if (getenv("MODEL_TRACE"))
		trace(number, &d);
	if (!outcomes_differ() && (number % TREE_EVERY || !trees_differ()))
		return 0;
	printf("step %d as %u: %s\n", number, d.user, sides[0].outcome.call);
	return 1;
}

static void open_side(struct side *s, const char *path)
{
	s->path = path;
	s->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root < 0)
		perror(path), exit(2);
	for (int i = 0; i < SLOTS; i++)
		s->fds[i] = -1;
}

int main(int argc, char **argv)
{
	int steps, differ = 0;

	if (argc != 5) {
		fprintf(stderr, "Usage: model DIR_A DIR_B SEED STEPS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	if (setgroups(0, NULL) < 0)
		perror("setgroups"), exit(2);
	open_side(&sides[0], argv[1]);
	open_side(&sides[1], argv[2]);
	state = strtoull(argv[3], NULL, 10);
	steps = atoi(argv[4]);
	for (int i = 1; i <= steps && !differ; i++)
		differ = step_differs(i);
	differ = differ || trees_differ();
	if (differ)
		printf("seed %s of %d steps\n", argv[3], steps);
	return differ;
}
