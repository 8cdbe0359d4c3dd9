/* SPDX-License-Identifier: MIT */
/* keep_fdstore: see keep_fdstore.h. */
#include "keep_fdstore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "cli/notify.h"
#include "clones.h"
#include "fmount.h"
#include "health/server.h"
#include "keep_queue.h"
#include "mount/table.h"
#include "mount/umount.h"
#include "msg.h"
#include "out.h"
#include "sys.h"
#include "sys/keep.h"
#include "sys/child.h"

/* Clones are stored twice from the time when a keeper has made its own until it has closed the former ones. */
enum { MOST = 2 * CLONES_MOST + 16 };

/* What a name says: KEPT-N is /dev/fuse of connection N, or the memory file; the other numbers are those of servers,
   but clones have 0. */
enum kind { KEPT, CLONE, SERVER, STORE, KINDS };
static const char *const prefixes[KINDS] = { "fuse-keep-", "fuse-clone-", "fuse-server-", "fuse-store-" };

static int memory = -1;
static struct {
	struct stored { enum kind kind; uint32_t number; int fd; } list[MOST];
	int count;
} found;

static const char *name_of(char name[NOTIFY_NAME], enum kind kind, uint32_t number)
{
	return text_fmt(name, NOTIFY_NAME, "%s%u", prefixes[kind], number);
}

static void save(enum kind kind, uint32_t number, int fd)
{
	char name[NOTIFY_NAME];

	notify_store(name_of(name, kind, number), &fd, 1);
}

static void drop(enum kind kind, uint32_t number)
{
	char name[NOTIFY_NAME];

	notify_unstore(name_of(name, kind, number));
}

static void save_clone(int fd)
{
	save(CLONE, 0, fd);
}

void keep_fdstore_save_mount(uint32_t connection, int device, int file)
{
	const int fds[SYS_DATAGRAM_FDS] = { device, file };
	char name[NOTIFY_NAME];

	if (memory < 0)
		notify_store(name_of(name, KEPT, connection), fds, SYS_DATAGRAM_FDS);
	clones_each(save_clone);
}

void keep_fdstore_drop_mount(uint32_t connection, uint32_t server)
{
	drop(SERVER, server);
	drop(CLONE, 0);
	drop(KEPT, connection);
}

void keep_fdstore_save_server(uint32_t number, int pid)
{
	int process = pid > 0 ? sys_pidfd_open(pid) : -1;

	if (process < 0)
		return;
	save(SERVER, number, process);
	sys_close(process);
}

void keep_fdstore_drop_server(uint32_t number) { drop(SERVER, number); }
void keep_fdstore_save_store(uint32_t number, int socket) { save(STORE, number, socket); }
void keep_fdstore_drop_store(uint32_t number) { drop(STORE, number); }

/* ---- Descriptors that the service manager hands back ---- */

static void note(const char *name, int fd)
{
	for (enum kind kind = 0; kind < KINDS && found.count < MOST; kind++) {
		size_t len = strlen(prefixes[kind]);

		if (strncmp(name, prefixes[kind], len) != 0)
			continue;
		if (sys_set_cloexec(fd, true) == 0)
			found.list[found.count++] = (struct stored) { kind, (uint32_t)text_number(name + len), fd };
	}
}

/* A socket may have messages of a hostile server: see child_hold(). */
static void close_stored(struct stored *s)
{
	struct child_held held = { s->fd, -1 };

	if (s->fd < 0)
		return;
	if (s->kind == STORE)
		child_hold(&held);
	child_release(&held);
	drop(s->kind, s->number);
	s->fd = -1;
}

static void close_kind(enum kind kind)
{
	for (int i = 0; i < found.count; i++)
		if (found.list[i].kind == kind)
			close_stored(found.list + i);
}

/* Opening with O_PATH, and what follows, sends the server no request. */
static int find_mount(struct mountpoint *at, const char *where)
{
	int fd = sys_open(where, O_PATH, 0);
	int err = fd < 0 ? fd : mount_path_of(fd, at->path, sizeof(at->path));

	if (!err)
		err = table_identify(fd, &at->mounted);
	if (fd >= 0)
		sys_close(fd);
	return err ? err : at->mounted.inside || at->mounted.dev_major ? -EINVAL : 0;
}

/* Without "fuse_connection:" in fdinfo, the name alone tells the connection: no other one has the number while this
   one is alive. */
static bool is_connection(int fd, uint64_t connection)
{
	int events = server_poll(fd, connection);

	return events >= 0 && !(events & POLLERR);
}

/* Returns /dev/fuse of the connection, or -1. What belongs to no mount any more is closed. */
static int find_device(uint64_t connection)
{
	int device = -1;

	for (int i = 0; i < found.count; i++) {
		struct stored *s = found.list + i;

		if (s->kind != KEPT)
			continue;
		if (s->number != connection)
			close_stored(s);
		else if (device < 0 && is_connection(s->fd, connection))
			device = s->fd;
		else if (memory < 0 && sys_memory_check(s->fd, KEEP_MEMORY_SIZE) == 0)
			memory = s->fd;
		else {
			sys_close(s->fd);	/* stored twice */
			s->fd = -1;
		}
	}
	return memory < 0 ? -1 : device;
}

int fmount_keep_stored(struct mountpoint *at, const char *where, bool relay)
{
	int device;

	notify_each_stored(note);
	if (!found.count)
		return -1;
	*at = (struct mountpoint) { .under = -1, .top = -1, .uid = sys_getuid(), .gid = sys_getgid() };
	device = find_mount(at, where) == 0 ? find_device(at->mounted.dev_minor) : -1;
	if (device >= 0 && !relay)
		return device;
	if (device >= 0)
		commfd_umount_known(at, UMOUNT_LAZY);
	msg("%s: %s; mounting anew", where, relay ? "--keep=relay goes on with no stored mount"
	    : "the service manager stores no mount that is there");
	for (enum kind kind = 0; kind < KINDS; kind++)
		close_kind(kind);
	found.count = 0;
	memory = -1;
	return -1;
}

/* ---- Taking over ---- */

int keep_fdstore_end_server(int device, uint32_t *last)
{
	enum { PATIENCE_MS = 15 * 1000 };
	int err = 0;

	for (int i = 0; i < found.count; i++) {
		struct stored *s = found.list + i;

		if (s->kind == SERVER && sys_pidfd_kill(s->fd, SIGKILL) == 0 && sys_poll_in(s->fd, PATIENCE_MS) == 0)
			err = -ETIMEDOUT;
		if ((s->kind == SERVER || s->kind == STORE) && s->number > *last)
			*last = s->number;
	}
	close_kind(SERVER);
	if (found.count)
		keep_queue_resend(device);
	close_kind(CLONE);
	return err;
}

int keep_fdstore_memory(void)
{
	return memory;
}

int keep_fdstore_take_store(uint32_t number)
{
	int socket = -1;

	for (int i = 0; i < found.count; i++) {
		struct stored *s = found.list + i;

		if (s->kind == STORE && s->number == number && socket < 0) {
			socket = s->fd;
			s->fd = -1;
		}
	}
	close_kind(STORE);
	return socket;
}
