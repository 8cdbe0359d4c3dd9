/* SPDX-License-Identifier: MIT */
/* names: the calls on names, and on what an inode says of itself. */
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
