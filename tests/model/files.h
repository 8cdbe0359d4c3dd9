/* SPDX-License-Identifier: MIT */
/* files: the calls on open files. */
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
