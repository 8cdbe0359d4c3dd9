/* SPDX-License-Identifier: MIT */
/* reattach_old: see reattach_old.h. */
#include "reattach_old.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "health/fusectl.h"
#include "msg.h"
#include "proc/proc.h"
#include "proc/read.h"
#include "proc/reader.h"
#include "sys.h"
#include "sys/vfs.h"
#include "target/target.h"

static bool is_like_new(const struct reattach_old *o, const struct table_row *row)
{
	return table_is_fuse(row) && table_connection(row) != table_connection(o->mount)
	       && strcmp(row->type, o->mount->type) == 0 && strcmp(row->source, o->mount->source) == 0
	       && table_owner(row) == table_owner(o->mount);
}

uint64_t reattach_identity(const struct reattach_old *o, const struct table_row *row)
{
	if (o->named ? !table_is_fuse(row) : !is_like_new(o, row))
		return 0;
	for (int i = 0; i < o->count; i++)
		if (table_connection(row) == o->dead[i].connection)
			return o->dead[i].identity;
	return 0;
}

int reattach_open_namespace(int pid, uint64_t number)
{
	char dir[12];
	struct sys_stat st;
	int fd = reader_open(read_name(pid, dir), "ns/mnt");
	int err = fd < 0 ? fd : sys_statx(fd, "", true, &st);
	if (!err && st.inode != number)
		err = -ESTALE;
	if (err && fd >= 0)
		sys_close(fd);
	return err ? err : fd;
}

static int add_old(struct reattach_old *o, uint64_t connection, uint64_t identity)
{
	for (int i = 0; i < o->count; i++)
		if (o->dead[i].connection == connection)
			return 0;
	if (o->count < REATTACH_MOST)
		o->dead[o->count++] = (struct dead) { connection, identity };
	return 0;
}

/* A dead mount of the same type, source and owner. */
static int add_if_like(const struct table_row *row, void *data)
{
	struct reattach_old *o = data;
	uint64_t connection = table_connection(row), identity = is_like_new(o, row) ? fusectl_identity(connection) : 0;

	return identity && fusectl_is_over(connection) ? add_old(o, connection, identity) : 0;
}

/* Whether the mount namespace belongs to this process's user namespace. In one of their own, users
   mount file systems of any type, source and owner. */
static bool is_trusted(int space)
{
	enum { GET_USER_NAMESPACE = 0xb701 };	/* NS_GET_USERNS */
	int user = vfs_ioctl(space, GET_USER_NAMESPACE, NULL);
	struct sys_stat owner, own;
	bool same = user >= 0 && sys_statx(user, "", true, &owner) == 0
		    && sys_statx(AT_FDCWD, "/proc/self/ns/user", true, &own) == 0 && owner.inode == own.inode;

	if (user >= 0)
		sys_close(user);
	return same;
}

static int look_for_old(uint64_t number, int pid, void *data)
{
	char text[12];
	int space = reattach_open_namespace(pid, number);

	if (space >= 0 && is_trusted(space))
		table_each(read_name(pid, text), add_if_like, data);
	if (space >= 0)
		sys_close(space);
	return 0;
}

static int find_named(struct reattach_old *o, const char *word)
{
	static struct target t;
	uint64_t connection, identity;

	o->named = true;
	if (target_connection(word, &connection) == 0) {
		identity = fusectl_identity(connection);
	} else {
		enum target_result result = target_find(word, &t);

		if (result != TARGET_FOUND || !t.fuse) {
			msg("%s: %s", word, result != TARGET_FOUND ? target_why(&t, result) : "not a FUSE mount");
			return 1;
		}
		connection = t.connection;
		identity = t.identity;
		target_close(&t);
	}
	if (!identity || !fusectl_is_over(connection)) {
		msg("%s: not known to be dead; abort it first (fumount --abort), or unmount it", word);
		return 1;
	}
	return add_old(o, connection, identity);
}

/* fmount names a source that is not given after the program, which may serve other data elsewhere. */
static bool is_named_after_program(const struct table_row *row)
{
	const char *dot = strchr(row->type, '.');

	return strcmp(row->source, dot ? dot + 1 : row->type) == 0;
}

int reattach_find_old(struct reattach_old *o, const char *word, const char *mountpoint)
{
	bool hidden = false;

	if (*word)
		return find_named(o, word);
	if (is_named_after_program(o->mount)) {
		msg("%s: its source tells only its program, %s; name the old mount as --reattach=conn:N, or mount with -s",
		    mountpoint, o->mount->source);
		return 1;
	}
	proc_each_namespace(look_for_old, o, &hidden);
	if (!o->count)
		msg("%s: no dead mount has this type, source and owner; name one as --reattach=conn:N", mountpoint);
	return 0;
}
