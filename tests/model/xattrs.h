/* SPDX-License-Identifier: MIT */
/* xattrs: the calls on extended attributes and access lists. */
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
