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

enum { SLOTS = 12, LONGEST = 1400 * 1024, PAGE = 4096, TREE_EVERY = 100, OTHER_USER = 1001 };
enum { LONG_AGO = 1000000000 };	/* a time after all that the calls set */
static const struct timespec settled[2] = { { 1000, 0 }, { 1000, 0 } };

/* ---- What is drawn for a step; each call takes of it what it needs ---- */

struct draw {
	char path[64], other[64], target[64];
	int slot, other_slot;
	int flags, pick, pick2;
	mode_t mode;
	off_t offset, other_offset;
	size_t length;
	uint64_t bytes;		/* the seed of the written data */
	unsigned int user;
	int look;		/* whether attributes are compared after the call */
};

/* What a call returned on one side. */
struct outcome {
	char call[400];
	long value;
	int error;
	size_t size;
	char seen[16384];
	unsigned char data[LONGEST];
};

struct side {
	const char *path;
	int root;
	int fds[SLOTS];
	struct outcome outcome;
};
static struct side sides[2];

static uint64_t state;

static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int below(int n) { return (int)(next() % (unsigned int)n); }
static int chance(int percent) { return below(100) < percent; }

/* Few names, so that calls meet: 8 in the root, 4 in each of those, 2 in each of these. */
static void draw_path(char *path)
{
	int depth = chance(45) ? 1 : chance(70) ? 2 : 3;

	*path++ = (char)('a' + below(8));
	for (int i = 1; i < depth; i++) {
		*path++ = '/';
		*path++ = (char)('a' + below(i == 1 ? 4 : 2));
	}
	*path = '\0';
}

static void draw_target(char *target)
{
	if (chance(80))
		sprintf(target, "%s%c", chance(30) ? "../" : "", 'a' + below(8));
	else
		draw_path(target);
}

static off_t draw_offset(void)
{
	off_t at = chance(60) ? below(16384) : below(256 * 1024);

	return chance(40) ? at & -PAGE : at;
}

static size_t draw_length(void)
{
	int most = chance(50) ? PAGE + 100 : chance(80) ? 64 * 1024 : chance(95) ? 300 * 1024 : LONGEST;

	return chance(40) ? (size_t)(below(most) & -PAGE) : (size_t)below(most);
}

static int draw_flags(void)
{
	static const struct { int percent, flag; } all[] = {
		{ 55, O_CREAT }, { 15, O_EXCL }, { 20, O_TRUNC }, { 20, O_APPEND }, { 6, O_DIRECTORY },
		{ 15, O_NOFOLLOW }, { 5, O_DIRECT }, { 5, O_SYNC }, { 3, O_NOATIME }, { 3, O_PATH },
	};
	int flags = chance(75) ? O_RDWR : below(3);

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		flags |= chance(all[i].percent) ? all[i].flag : 0;
	return flags | O_NONBLOCK | O_CLOEXEC;	/* O_NONBLOCK: opening a FIFO without a peer must
						   not wait */
}

/* In three of five cases a file that exists, if a few tries find one. */
static void draw_known_path(char *path)
{
	struct stat st;
	int tries = chance(60) ? 5 : 1;

	do
		draw_path(path);
	while (--tries && fstatat(sides[1].root, path, &st, AT_SYMLINK_NOFOLLOW) < 0);
}

static struct draw draw(void)
{
	static const mode_t modes[] = { 0644, 0666, 0600, 0777, 0755, 04755, 02755, 01777, 02777, 0, 0444 };
	struct draw d = {
		.slot = below(SLOTS), .other_slot = below(SLOTS), .flags = draw_flags(),
		.pick = below(1 << 20), .pick2 = below(1 << 20),
		.mode = modes[below(sizeof(modes) / sizeof(*modes))] & (getenv("MODEL_WRITEBACK") ? 01777 : 07777),
		.offset = draw_offset(), .other_offset = draw_offset(), .length = draw_length(),
		.bytes = next(), .user = chance(25) ? OTHER_USER : 0, .look = chance(50),
	};

	draw_known_path(d.path);
	draw_path(d.other);
	draw_target(d.target);
	return d;
}

/* ---- What is seen ---- */

static void __attribute__((format(printf, 2, 3))) see(struct outcome *o, const char *format, ...)
{
	size_t used = strlen(o->seen);
	va_list list;

	va_start(list, format);
	vsnprintf(o->seen + used, sizeof(o->seen) - used, format, list);
	va_end(list);
}

static void __attribute__((format(printf, 2, 3))) call(struct outcome *o, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(o->call, sizeof(o->call), format, list);
	va_end(list);
}

/* Descriptor numbers and the like are not compared: only whether the call failed. */
static long only_whether(long value) { return value < 0 ? -1 : 0; }

/* File systems differ in a directory's size. Data in a FIFO does not reach a FUSE server, and
   does not change the file's times there. */
static int attributes(char *text, size_t room, const struct stat *st)
{
	char when[64] = "now";

	if (st->st_mtim.tv_sec < LONG_AGO && !S_ISFIFO(st->st_mode))
		snprintf(when, sizeof(when), "%ld.%09ld", (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	return snprintf(text, room, "mode %o links %lu owner %u:%u size %lld device %lx time %s", st->st_mode,
			(unsigned long)st->st_nlink, st->st_uid, st->st_gid,
			S_ISDIR(st->st_mode) ? 0 : (long long)st->st_size, (unsigned long)st->st_rdev, when);
}

static void see_attributes(struct outcome *o, const char *of, int result, const struct stat *st)
{
	char text[300];

	if (result == 0)
		attributes(text, sizeof(text), st);
	else
		snprintf(text, sizeof(text), "%s", strerrorname_np(errno));
	see(o, " [%s: %s]", of, text);
}

/* ---- Trees, as text: a line for each file ---- */

struct text { char *bytes; size_t size, room; };

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *format, ...)
{
	va_list list;
	int n;

	if (t->size + 2048 > t->room)
		t->bytes = realloc(t->bytes, t->room = t->room * 2 + 65536);
	va_start(list, format);
	n = vsnprintf(t->bytes + t->size, t->room - t->size, format, list);
	va_end(list);
	t->size += (size_t)n;
}

static struct { ino_t number; char path[256]; } known[4096];
static int known_count;

/* The first path of each inode: later paths are hard links. */
static const char *same_as(ino_t number, const char *path)
{
	for (int i = 0; i < known_count; i++)
		if (known[i].number == number)
			return known[i].path;
	known[known_count].number = number;
	snprintf(known[known_count].path, sizeof(known->path), "%s", path);
	return known[known_count++].path;
}

static uint64_t mix(uint64_t hash, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	return hash;
}

static void add_content(struct text *t, int fd)
{
	static unsigned char buf[128 * 1024];
	uint64_t hash = 0xcbf29ce484222325u;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		hash = mix(hash, buf, (size_t)n);
		at += n;
	}
	add(t, " content %lld:%016lx%s", (long long)at, (unsigned long)hash, n < 0 ? strerrorname_np(errno) : "");
}

static void add_xattrs(struct text *t, const char *path)
{
	char names[4096], value[1024];
	ssize_t size = llistxattr(path, names, sizeof(names));

	for (char *name = names; name < names + size; name += strlen(name) + 1) {
		ssize_t n = lgetxattr(path, name, value, sizeof(value));

		add(t, " %s=%ld:%lx", name, (long)n, n < 0 ? (unsigned long)errno : mix(0, (unsigned char *)value, (size_t)n));
	}
	if (size < 0)
		add(t, " xattrs %s", strerrorname_np(errno));
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void add_tree(struct text *t, const char *path);

static void add_entries(struct text *t, const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);

	if (n < 0)
		add(t, "%s: scandir %s\n", path, strerrorname_np(errno));
	for (int i = 0; i < n; i++) {
		char name[600];

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (strcmp(list[i]->d_name, ".") != 0 && strcmp(list[i]->d_name, "..") != 0)
			add_tree(t, name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void add_tree(struct text *t, const char *path)
{
	struct stat st;
	char text[300], target[256] = "";

	if (lstat(path, &st) < 0) {
		add(t, "%s: lstat %s\n", path, strerrorname_np(errno));
		return;
	}
	attributes(text, sizeof(text), &st);
	add(t, "%s: %s is %s", path, text, same_as(st.st_ino, path));
	if (S_ISLNK(st.st_mode))
		add(t, " to %ld:%s", (long)readlink(path, target, sizeof(target) - 1), target);
	add_xattrs(t, path);
	if (S_ISREG(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			add(t, " open %s", strerrorname_np(errno));
		else
			add_content(t, fd), close(fd);
	}
	add(t, "\n");
	if (S_ISDIR(st.st_mode))
		add_entries(t, path);
}

/* The open files, with or without a name. */
static void add_open(struct text *t, const struct side *s)
{
	for (int i = 0; i < SLOTS; i++) {
		struct stat st;
		char text[300], name[32];

		if (s->fds[i] < 0 || fstat(s->fds[i], &st) < 0)
			continue;
		attributes(text, sizeof(text), &st);
		snprintf(name, sizeof(name), "descriptor %d", i);
		add(t, "%s: %s is %s", name, text, same_as(st.st_ino, name));
		if (S_ISREG(st.st_mode) && (fcntl(s->fds[i], F_GETFL) & (O_ACCMODE | O_PATH)) != O_WRONLY)
			add_content(t, s->fds[i]);
		add(t, "\n");
	}
}

static struct text tree_of(struct side *s)
{
	struct text t = { NULL, 0, 0 };

	if (fchdir(s->root) < 0)
		perror(s->path), exit(2);
	known_count = 0;
	add(&t, "\n");
	add_tree(&t, ".");
	add_open(&t, s);
	return t;
}

/* The first line that only one of them has. */
static int trees_differ(void)
{
	struct text a = tree_of(&sides[0]), b = tree_of(&sides[1]);
	size_t line = 0, i = 0;

	while (i < a.size && i < b.size && a.bytes[i] == b.bytes[i])
		if (a.bytes[i++] == '\n')
			line = i;
	if (i < a.size || i < b.size) {
		printf("the trees differ:\n%s: %.*s\n%s: %.*s\n",
		       sides[0].path, (int)strcspn(a.bytes + line, "\n"), a.bytes + line,
		       sides[1].path, (int)strcspn(b.bytes + line, "\n"), b.bytes + line);
		i = SIZE_MAX;
	}
	free(a.bytes);
	free(b.bytes);
	return i == SIZE_MAX;
}

/* ---- The calls: each says in .call what it does, and returns what came of it ---- */

static void become(unsigned int user)
{
	if (seteuid(0) < 0 || setegid(user) < 0 || seteuid(user) < 0)
		perror("seteuid"), exit(2);
}

static int fd_at(const struct side *s, int start)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->fds[(start + i) % SLOTS] >= 0)
			return s->fds[(start + i) % SLOTS];
	return -1;
}

static int slot_at(const struct side *s, int start)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->fds[(start + i) % SLOTS] >= 0)
			return (start + i) % SLOTS;
	return -1;
}

static void put(struct side *s, int slot, int fd)
{
	int error = errno;

	if (s->fds[slot] >= 0)
		close(s->fds[slot]);
	s->fds[slot] = fd;
	errno = error;
}

static const char *flags_text(int flags)
{
	static const struct { int flag; const char *name; } all[] = {
		{ O_CREAT, "CREAT" }, { O_EXCL, "EXCL" }, { O_TRUNC, "TRUNC" }, { O_APPEND, "APPEND" },
		{ O_NOFOLLOW, "NOFOLLOW" }, { O_DIRECT, "DIRECT" }, { O_SYNC, "SYNC" },
		{ O_NOATIME, "NOATIME" }, { O_PATH, "PATH" }, { O_TMPFILE, "TMPFILE" }, { O_DIRECTORY, "DIRECTORY" },
	};
	static char text[200];

	sprintf(text, "%s", (flags & O_ACCMODE) == O_RDONLY ? "RDONLY" : (flags & O_ACCMODE) == O_WRONLY ? "WRONLY" : "RDWR");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if ((flags & all[i].flag) == all[i].flag)
			sprintf(text + strlen(text), "|%s", all[i].name);
	return text;
}

static const void *pattern(const struct draw *d)
{
	static unsigned char bytes[LONGEST];
	uint64_t z = d->bytes;

	for (size_t i = 0; i < d->length; i += 8) {
		z = z * 6364136223846793005u + 1442695040888963407u;
		memcpy(bytes + i, &z, 8);
	}
	return bytes;
}

/* A write by another user clears set-group-ID without group execute on a local file system, but
   not on FUSE. The umask would make such files at their creation, so only chmod(2) sets the bit. */
static mode_t mode_of_file(const struct draw *d) { return d->mode & ~(mode_t)S_ISGID; }

static long try_open(struct side *s, const struct draw *d)
{
	int fd;

	call(&s->outcome, "descriptor %d = open(%s, %s, %o)", d->slot, d->path, flags_text(d->flags), mode_of_file(d));
	fd = open(d->path, d->flags, mode_of_file(d));
	put(s, d->slot, fd);
	return only_whether(fd);
}

static long try_tmpfile(struct side *s, const struct draw *d)
{
	int flags = (d->flags & ~(O_ACCMODE | O_CREAT | O_NOFOLLOW | O_PATH)) | O_TMPFILE | (d->pick & 1 ? O_RDWR : O_WRONLY), fd;
	const char *where = d->pick & 2 ? "." : d->path;

	call(&s->outcome, "descriptor %d = open(%s, %s, %o)", d->slot, where, flags_text(flags), mode_of_file(d));
	fd = open(where, flags, mode_of_file(d));
	put(s, d->slot, fd);
	return only_whether(fd);
}

static long try_close(struct side *s, const struct draw *d)
{
	int slot = slot_at(s, d->slot), error;

	call(&s->outcome, "close(descriptor %d)", slot);
	if (slot < 0)
		return 0;
	error = close(s->fds[slot]);
	s->fds[slot] = -1;
	return error;
}

static void lose_setid(int fd)
{
	struct stat st;
	int error = errno;

	become(0);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		fchmod(fd, st.st_mode & 01777);
	errno = error;
}

static int settle_time(int fd)
{
	int error = errno, failed;

	become(0);
	failed = futimens(fd, settled);
	errno = error;
	return failed;
}

/* With passthrough the kernel writes with the server's rights, and clears set-id bits whoever
   the caller is. */
static int writable_at(const struct side *s, const struct draw *d, int slot)
{
	int fd = fd_at(s, slot);

	if (getenv("MODEL_PASSTHROUGH") && d->user == 0)
		lose_setid(fd);
	return fd;
}

static long try_write(struct side *s, const struct draw *d)
{
	call(&s->outcome, "write(descriptor %d, %zu bytes)", slot_at(s, d->slot), d->length);
	return write(writable_at(s, d, d->slot), pattern(d), d->length);
}

static long try_pwrite(struct side *s, const struct draw *d)
{
	call(&s->outcome, "pwrite(descriptor %d, %zu bytes, %lld)", slot_at(s, d->slot), d->length, (long long)d->offset);
	return pwrite(writable_at(s, d, d->slot), pattern(d), d->length, d->offset);
}

static long have_read(struct side *s, long n)
{
	if (n > 0)
		s->outcome.size = (size_t)n;
	return n;
}

static long try_read(struct side *s, const struct draw *d)
{
	call(&s->outcome, "read(descriptor %d, %zu bytes)", slot_at(s, d->slot), d->length);
	return have_read(s, read(fd_at(s, d->slot), s->outcome.data, d->length));
}

static long try_pread(struct side *s, const struct draw *d)
{
	call(&s->outcome, "pread(descriptor %d, %zu bytes, %lld)", slot_at(s, d->slot), d->length, (long long)d->offset);
	return have_read(s, pread(fd_at(s, d->slot), s->outcome.data, d->length, d->offset));
}

/* The lseek(2) of a file system without holes, as generic_file_llseek() does it where a server
   does not implement LSEEK. Moves the descriptor's position, too. */
static off_t seek_without_holes(int fd, off_t size, off_t to, int whence)
{
	if (lseek(fd, 0, SEEK_CUR) < 0)	/* an O_PATH descriptor */
		return -1;
	if (to < 0 || to >= size)
		return errno = ENXIO, -1;
	return lseek(fd, whence == SEEK_DATA ? to : size, SEEK_SET);
}

/* The offset of a directory's end differs between file systems. */
static long try_lseek(struct side *s, const struct draw *d)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, SEEK_HOLE };
	int whence = whences[d->pick % 6], fd = fd_at(s, d->slot);
	off_t to = whence == SEEK_CUR || whence == SEEK_END ? d->offset - d->other_offset : d->offset;
	struct stat st;

	call(&s->outcome, "lseek(descriptor %d, %lld, %d)", slot_at(s, d->slot), (long long)to, whence);
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	if (s == &sides[1] && getenv("MODEL_NO_HOLES") && S_ISREG(st.st_mode) && (whence == SEEK_DATA || whence == SEEK_HOLE))
		return seek_without_holes(fd, st.st_size, to, whence);
	return lseek(fd, to, whence);
}

static off_t size_to_be(const struct draw *d)
{
	return d->pick % 50 == 0 ? -1 : d->pick % 4 == 0 ? 0 : d->offset;
}

/* To the size that the file has already, tmpfs updates the time only if blocks were allocated
   beyond the end. FUSE's writeback cache, which keeps the time, cannot know that. */
static long try_truncate(struct side *s, const struct draw *d)
{
	struct stat st;
	int same = stat(d->path, &st) == 0 && st.st_size == size_to_be(d), error;

	call(&s->outcome, "truncate(%s, %lld)", d->path, (long long)size_to_be(d));
	error = truncate(d->path, size_to_be(d));
	become(0);
	if (error == 0 && same && utimensat(AT_FDCWD, d->path, settled, 0) < 0)
		error = -2;
	return error;
}

static long try_ftruncate(struct side *s, const struct draw *d)
{
	call(&s->outcome, "ftruncate(descriptor %d, %lld)", slot_at(s, d->slot), (long long)size_to_be(d));
	return ftruncate(fd_at(s, d->slot), size_to_be(d));
}

static long try_rename(struct side *s, const struct draw *d)
{
	static const unsigned int all[] = {
		0, 0, 0, 0, RENAME_NOREPLACE, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE,
		RENAME_EXCHANGE | RENAME_NOREPLACE, RENAME_WHITEOUT,
	};
	unsigned int flags = all[d->pick % 10];

	call(&s->outcome, "renameat2(%s, %s, %u)", d->path, d->other, flags);
	return renameat2(AT_FDCWD, d->path, AT_FDCWD, d->other, flags);
}

static long try_link(struct side *s, const struct draw *d)
{
	int flags = d->pick & 1 ? AT_SYMLINK_FOLLOW : 0;

	call(&s->outcome, "linkat(%s, %s, %#x)", d->path, d->other, flags);
	return linkat(AT_FDCWD, d->path, AT_FDCWD, d->other, flags);
}

/* Links files that were unlinked or never had a name (O_TMPFILE). */
static long try_link_open(struct side *s, const struct draw *d)
{
	call(&s->outcome, "linkat(descriptor %d, %s)", slot_at(s, d->slot), d->other);
	return linkat(fd_at(s, d->slot), "", AT_FDCWD, d->other, AT_EMPTY_PATH);
}

static long try_unlink(struct side *s, const struct draw *d)
{
	call(&s->outcome, "unlink(%s)", d->path);
	return unlink(d->path);
}

static long try_rmdir(struct side *s, const struct draw *d)
{
	call(&s->outcome, "rmdir(%s)", d->path);
	return rmdir(d->path);
}

static long try_mkdir(struct side *s, const struct draw *d)
{
	call(&s->outcome, "mkdir(%s, %o)", d->path, d->mode);
	return mkdir(d->path, d->mode);
}

static long try_mknod(struct side *s, const struct draw *d)
{
	static const mode_t kinds[] = { S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR };
	mode_t mode = kinds[d->pick % (getenv("MODEL_SANDBOX") ? 3 : 4)] | mode_of_file(d);

	call(&s->outcome, "mknod(%s, %o)", d->path, mode);
	return mknod(d->path, mode, S_ISCHR(mode) ? 0x103 : 0);
}

static long try_symlink(struct side *s, const struct draw *d)
{
	call(&s->outcome, "symlink(%s, %s)", d->target, d->path);
	return symlink(d->target, d->path);
}

static long try_readlink(struct side *s, const struct draw *d)
{
	size_t room = d->pick & 1 ? 256 : 2;

	call(&s->outcome, "readlink(%s, %zu)", d->path, room);
	return have_read(s, readlink(d->path, (char *)s->outcome.data, room));
}

static long try_chmod(struct side *s, const struct draw *d)
{
	if (d->pick & 1) {
		call(&s->outcome, "chmod(%s, %o)", d->path, d->mode);
		return chmod(d->path, d->mode);
	}
	call(&s->outcome, "fchmod(descriptor %d, %o)", slot_at(s, d->slot), d->mode);
	return fchmod(fd_at(s, d->slot), d->mode);
}

/* Never with -1 for both: a local chown(2) then clears set-id bits, but FUSE sends no request. */
static long try_chown(struct side *s, const struct draw *d)
{
	static const unsigned int ids[] = { 0, OTHER_USER, OTHER_USER, 1002, -1u };
	unsigned int uid = ids[d->pick % 5], gid = ids[d->pick2 % (uid == -1u ? 4 : 5)];

	switch (d->pick2 / 5 % 3) {
	case 0:
		call(&s->outcome, "chown(%s, %d, %d)", d->path, (int)uid, (int)gid);
		return chown(d->path, uid, gid);
	case 1:
		call(&s->outcome, "lchown(%s, %d, %d)", d->path, (int)uid, (int)gid);
		return lchown(d->path, uid, gid);
	default:
		call(&s->outcome, "fchown(descriptor %d, %d, %d)", slot_at(s, d->slot), (int)uid, (int)gid);
		return fchown(fd_at(s, d->slot), uid, gid);
	}
}

static struct timespec time_to_set(int pick)
{
	switch (pick % 8) {
	case 0:
		return (struct timespec) { 0, UTIME_NOW };
	case 1:
		return (struct timespec) { 0, UTIME_OMIT };
	case 2:
		return (struct timespec) { -5, 0 };
	default:
		return (struct timespec) { pick % LONG_AGO, pick * 900 };
	}
}

static long try_utimes(struct side *s, const struct draw *d)
{
	const struct timespec times[2] = { time_to_set(d->pick), time_to_set(d->pick2) };
	int flags = d->pick & 1 ? AT_SYMLINK_NOFOLLOW : 0, by_fd = d->pick2 % 3 == 0;

	call(&s->outcome, "utimensat(%s %d, %lld.%ld, %lld.%ld, %#x)", by_fd ? "descriptor" : d->path,
	     by_fd ? slot_at(s, d->slot) : 0, (long long)times[0].tv_sec, times[0].tv_nsec,
	     (long long)times[1].tv_sec, times[1].tv_nsec, flags);
	return by_fd ? futimens(fd_at(s, d->slot), times) : utimensat(AT_FDCWD, d->path, times, flags);
}

static long try_fallocate(struct side *s, const struct draw *d)
{
	static const int modes[] = {
		0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE,
	};
	int mode = modes[d->pick % 8], error;

	call(&s->outcome, "fallocate(descriptor %d, %#x, %lld, %zu)", slot_at(s, d->slot), mode,
	     (long long)d->offset, d->length);
	error = fallocate(fd_at(s, d->slot), mode, d->offset, (off_t)d->length);
	/* Before FUSE sends a request that the server refuses, it clears the set-id bits and,
	   with the writeback cache, sets the time. */
	if (error && d->user)
		lose_setid(fd_at(s, d->slot));
	if (error)
		settle_time(fd_at(s, d->slot));
	return error;
}

static long try_copy(struct side *s, const struct draw *d)
{
	off_t in = d->offset, out = d->other_offset;
	int by_in = d->pick & 1, by_out = d->pick & 2;
	long n;

	call(&s->outcome, "copy_file_range(descriptor %d, %lld, descriptor %d, %lld, %zu)",
	     slot_at(s, d->slot), by_in ? (long long)in : -1, slot_at(s, d->other_slot), by_out ? (long long)out : -1, d->length);
	n = copy_file_range(fd_at(s, d->slot), by_in ? &in : NULL, fd_at(s, d->other_slot), by_out ? &out : NULL, d->length, 0);
	see(&s->outcome, " in %lld out %lld", (long long)in, (long long)out);
	if (n <= 0)	/* as above */
		settle_time(fd_at(s, d->other_slot));
	return n;
}

/* Neither to the same file nor into a pipe: splice(2) passes pages on without a copy, and they
   may show later writes. */
static long try_sendfile(struct side *s, const struct draw *d)
{
	off_t in = d->offset;
	struct stat from, to;
	long n;

	call(&s->outcome, "sendfile(descriptor %d, descriptor %d, %lld, %zu)", slot_at(s, d->other_slot),
	     slot_at(s, d->slot), (long long)in, d->length);
	if (fstat(fd_at(s, d->slot), &from) == 0 && fstat(fd_at(s, d->other_slot), &to) == 0
	    && (from.st_ino == to.st_ino || S_ISFIFO(to.st_mode)))
		return 0;
	n = sendfile(writable_at(s, d, d->other_slot), fd_at(s, d->slot), &in, d->length);
	see(&s->outcome, " in %lld", (long long)in);
	return n;
}

static const char *xattr_name(const struct draw *d)
{
	static const char *const names[] = {
		"user.a", "user.a", "user.a", "user.longer.name", "user.longer.name", "trusted.t", "none.n", "user.",
	};

	return names[getenv("MODEL_SANDBOX") && d->pick2 % 8 == 5 ? 0 : d->pick2 % 8];
}

/* By path, on the link itself, and by descriptor. */
static int xattr_how(const struct draw *d) { return d->pick / 4 % 3; }

static const char *xattr_of(const struct side *s, const struct draw *d)
{
	static char text[100];

	if (xattr_how(d) == 2)
		sprintf(text, "descriptor %d", slot_at(s, d->slot));
	else
		sprintf(text, "%s%s", xattr_how(d) ? "link " : "", d->path);
	return text;
}

static long try_setxattr(struct side *s, const struct draw *d)
{
	int flags = d->pick % 4 == 0 ? XATTR_CREATE : d->pick % 4 == 1 ? XATTR_REPLACE : 0, fd = fd_at(s, d->slot);
	const char *name = xattr_name(d);
	size_t size = d->pick2 % 50 == 0 ? 65537 : d->length % 300;
	struct draw enough = *d;
	const void *value;

	enough.length = 65544;
	value = pattern(&enough);
	call(&s->outcome, "setxattr(%s, %s, %zu bytes, %d)", xattr_of(s, d), name, size, flags);
	return xattr_how(d) == 0 ? setxattr(d->path, name, value, size, flags)
	       : xattr_how(d) == 1 ? lsetxattr(d->path, name, value, size, flags) : fsetxattr(fd, name, value, size, flags);
}

static long try_getxattr(struct side *s, const struct draw *d)
{
	static const size_t rooms[] = { 0, 2, 1024, 65536 };
	size_t room = rooms[d->pick % 4];
	int fd = fd_at(s, d->slot);
	const char *name = xattr_name(d);
	void *to = s->outcome.data;
	long n;

	call(&s->outcome, "getxattr(%s, %s, %zu)", xattr_of(s, d), name, room);
	n = xattr_how(d) == 0 ? getxattr(d->path, name, to, room)
	    : xattr_how(d) == 1 ? lgetxattr(d->path, name, to, room) : fgetxattr(fd, name, to, room);
	if (room)
		have_read(s, n);
	return n;
}

static long try_listxattr(struct side *s, const struct draw *d)
{
	static const size_t rooms[] = { 0, 2, 1024, 65536 };
	size_t room = rooms[d->pick % 4];
	char *to = (char *)s->outcome.data;
	long n;

	call(&s->outcome, "listxattr(%s, %zu)", xattr_of(s, d), room);
	n = xattr_how(d) == 0 ? listxattr(d->path, to, room)
	    : xattr_how(d) == 1 ? llistxattr(d->path, to, room) : flistxattr(fd_at(s, d->slot), to, room);
	if (room)
		have_read(s, n);
	return n;
}

static long try_removexattr(struct side *s, const struct draw *d)
{
	const char *name = xattr_name(d);

	call(&s->outcome, "removexattr(%s, %s)", xattr_of(s, d), name);
	return xattr_how(d) == 0 ? removexattr(d->path, name)
	       : xattr_how(d) == 1 ? lremovexattr(d->path, name) : fremovexattr(fd_at(s, d->slot), name);
}

/* An access list that grants one more user and group, or none. The mask, which the mode shows as
   the group, includes execute: see mode_of_file(). Only root removes one: FUSE cannot transmit
   that set-group-ID is cleared then. */
static long try_acl(struct side *s, const struct draw *d)
{
	enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };
	const struct { uint32_t version; struct { uint16_t tag, perm; uint32_t id; } entries[6]; } list = { 2, {
		{ USER_OBJ, 7 & d->bytes, -1u }, { USER, 7 & d->bytes >> 8, OTHER_USER },
		{ GROUP_OBJ, 7 & d->bytes >> 16, -1u }, { GROUP, 7 & d->bytes >> 24, 1002 },
		{ MASK, 1 | (7 & d->bytes >> 32), -1u }, { OTHER, 7 & d->bytes >> 40, -1u },
	} };
	const char *name = d->pick & 1 ? "system.posix_acl_access" : "system.posix_acl_default";

	if (d->pick2 % 4 == 0 && !d->user) {
		call(&s->outcome, "removexattr(%s, %s)", d->path, name);
		return removexattr(d->path, name);
	}
	call(&s->outcome, "setxattr(%s, %s, %012llx)", d->path, name, (unsigned long long)d->bytes & 0x70707070707);
	return setxattr(d->path, name, &list, sizeof(list), 0);
}

static long try_sync(struct side *s, const struct draw *d)
{
	static const char *const names[] = { "fsync", "fdatasync", "syncfs" };
	int fd = fd_at(s, d->slot);

	call(&s->outcome, "%s(descriptor %d)", names[d->pick % 3], slot_at(s, d->slot));
	return d->pick % 3 == 0 ? fsync(fd) : d->pick % 3 == 1 ? fdatasync(fd) : syncfs(fd);
}

/* Stores a byte in each page of the range that is in the file, and records the pages. Times are
   not compared: tmpfs does not update them for a mapping, and FUSE does so with the write. Nor
   are reads of holes, which tmpfs fills. */
static long try_mmap(struct side *s, const struct draw *d)
{
	size_t start = (size_t)d->offset & (size_t)-PAGE, size;
	struct stat st;
	int fd = fd_at(s, d->slot), error;
	unsigned char *at;

	call(&s->outcome, "mmap(descriptor %d, %zu, %zu) and msync", slot_at(s, d->slot), start, d->length);
	if (fstat(fd, &st) < 0)
		return -1;
	size = (size_t)st.st_size <= start ? 1 : (size_t)st.st_size - start;
	size = size < d->length + 1 ? size : d->length + 1;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)start);
	if (at == MAP_FAILED)
		return -1;
	for (size_t i = d->bytes % PAGE; i < size && (off_t)start < st.st_size; i += PAGE)
		at[i] = (unsigned char)(d->bytes >> 8);
	error = d->pick & 1 ? fsync(fd) : msync(at, size, MS_SYNC);
	if (settle_time(fd) < 0)
		error = -2;
	munmap(at, size);
	return error;
}

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
