/* SPDX-License-Identifier: MIT */
/* lock_owner: see lock_owner.h. */
#define _GNU_SOURCE
#include "lock_owner.h"

#include <errno.h>
#include <fcntl.h>

#include "sys/priv.h"
#include "sys.h"
#include "thread.h"

enum { OWNERS = 64 * 1024 };

struct lock_owner {
	uint64_t node, id;
	uint64_t handle;	/* handle of its last lock; an OFD owner has only one */
	uint32_t pid, busy;	/* busy: requests that use fd, waiters included */
	uint32_t uid;		/* user in whose holds fd counts */
	bool closed;		/* a FLUSH arrived while the owner was busy */
	int fd;
};

/* A process serves one file system. */
static struct {
	int lock;
	struct lock_owner *all;
	uint32_t count, room;
} owners;

static struct lock_owner *find_owner_by(uint64_t node, uint64_t key, bool by_handle)
{
	for (struct lock_owner *owner = owners.all; owner < owners.all + owners.count; owner++)
		if (owner->node == node && (by_handle ? owner->handle : owner->id) == key)
			return owner;
	return NULL;
}

static struct lock_owner *find_owner(uint64_t node, uint64_t id)
{
	return find_owner_by(node, id, false);
}

/* A user other than root may have as many owners as are free, and so leaves as many to other users:
   each owner takes a descriptor, and makes every search for an owner longer. */
static bool can_add_owner(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < owners.count; i++)
		own += owners.all[i].uid == uid;
	return (!uid || own + owners.count < OWNERS) && pass_hold(uid) == 0;
}

static bool has_room_for_owner(void)
{
	uint32_t room = owners.room ? owners.room * 2 : 64;
	struct lock_owner *more;

	if (owners.count < owners.room)
		return true;
	more = sys_more_pages(owners.all, owners.room * sizeof(*more), room * sizeof(*more));
	if (!more)
		return false;
	owners.all = more;
	owners.room = room;
	return true;
}

void pass_resume_owner(int fd, uint64_t node, uint64_t id, uint64_t handle, uint32_t pid, uint32_t uid)
{
	if (!has_room_for_owner())
		return;
	pass_hold_anyway(uid);
	owners.all[owners.count++] = (struct lock_owner) { node, id, handle, pid, 0, uid, false, fd };
}

static struct lock_owner *add_owner(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	if (!has_room_for_owner() || !can_add_owner(uid))
		return NULL;
	journal_note_owner(fd, node, in->owner, in->fh, in->lk.pid, uid);
	owners.all[owners.count] = (struct lock_owner) { node, in->owner, in->fh, in->lk.pid, 0, uid, false, fd };
	return owners.all + owners.count++;
}

/* Ignore F_UNLCK: the kernel sends it for a handle that one thread has closed while another thread
   locked by it. */
static void note_handle(struct lock_owner *owner, const struct fuse_lk_in *in)
{
	if (in->lk.type == F_UNLCK)
		return;
	owner->handle = in->fh;
	journal_note_owner_handle(owner->fd, in->fh);
}

/* The descriptor of an owner, who is busy until lock_owner_put(). A new owner takes over fd; without
   fd (-1) the result is -ENOLCK. */
static int get_owner(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	struct lock_owner *owner;

	thread_lock(&owners.lock);
	owner = find_owner(node, in->owner);
	if (!owner && fd >= 0)
		owner = add_owner(node, in, uid, fd);
	fd = owner ? owner->fd : -ENOLCK;
	if (owner) {
		owner->busy++;
		owner->closed = false;
		note_handle(owner, in);
	}
	thread_unlock(&owners.lock);
	return fd;
}

/* A lock that was granted determines the owner's handle, even if the owner has used another handle
   since. */
void lock_owner_put(uint64_t node, const struct fuse_lk_in *in, int err)
{
	struct lock_owner *owner;

	thread_lock(&owners.lock);
	owner = find_owner(node, in->owner);
	if (owner)	/* always: a busy owner stays */
		owner->busy--;
	if (owner && !err)
		note_handle(owner, in);
	thread_unlock(&owners.lock);
}

/* Opens the node as the caller could: while a descriptor is open for writing, the kernel runs no
   program in that file (ETXTBSY), which a caller that only reads it must not cause. */
static int open_to_lock(const struct fuse_req *req, uint64_t node, uint64_t handle)
{
	int flags = vfs_open_flags(pass_handle_fd(handle)), fd = -EACCES;

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return vfs_reopen(pass_fd(req, node), O_RDWR);
	if (!pass_is_checked(req) || priv_act_for(pass_source_uid(req), pass_group(req), NULL, 0, 0) == 0)
		fd = vfs_reopen(pass_fd(req, node), O_RDWR);
	priv_act_as_self();
	return fd;
}

int lock_owner_get(const struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	int kept = get_owner(node, in, 0, -1), fd;

	if (kept >= 0)
		return kept;
	fd = open_to_lock(req, node, in->fh);
	if (fd < 0)
		fd = vfs_reopen(pass_fd(req, node), O_RDONLY);
	if (fd < 0)
		return fd;
	kept = get_owner(node, in, req->in->uid, fd);
	if (kept != fd)		/* another thread has added the owner, or there is no room */
		sys_close(fd);
	return kept;
}

/* The kernel has no pid for an OFD lock: that of any other owner in the file is reported. */
uint32_t lock_owner_find_pid(uint64_t node, uint64_t id)
{
	uint32_t pid = 0;

	thread_lock(&owners.lock);
	for (uint32_t i = 0; i < owners.count && !pid; i++)
		if (owners.all[i].node == node && owners.all[i].id != id)
			pid = owners.all[i].pid;
	thread_unlock(&owners.lock);
	return pid;
}

bool lock_owner_is_closed(uint64_t node, uint64_t id)
{
	const struct lock_owner *owner;
	bool closed;

	thread_lock(&owners.lock);
	owner = find_owner(node, id);
	closed = owner && owner->closed;
	thread_unlock(&owners.lock);
	return closed;
}

/* ---- The end of an owner ---- */

/* Removes an owner that no request uses, and returns its descriptor, which the caller closes: that drops
   all its locks. The caller holds the lock. */
static int remove_owner(struct lock_owner *owner)
{
	int fd = owner->fd;

	pass_release_hold(owner->uid);
	journal_forget_owner(fd);
	*owner = owners.all[--owners.count];
	return fd;
}

/* The descriptor of a busy owner stays open, since another thread of the owner may be about to get a
   lock on it: drop the locks that the owner has so far. */
static void unlock_busy(uint64_t node, uint64_t id, int fd)
{
	struct fuse_file_lock all = { .end = INT64_MAX, .type = F_UNLCK };

	vfs_lock(fd, false, &all);
	lock_owner_put(node, &(struct fuse_lk_in) { .owner = id, .lk.type = F_UNLCK }, 0);
}

bool lock_owner_close(uint64_t node, uint64_t id)
{
	struct lock_owner *owner;
	int idle = -1, busy = -1;

	thread_lock(&owners.lock);
	owner = find_owner(node, id);
	if (owner && !owner->busy) {
		idle = remove_owner(owner);
	} else if (owner) {
		owner->closed = true;
		owner->busy++;		/* keeps the descriptor open */
		busy = owner->fd;
	}
	thread_unlock(&owners.lock);
	if (idle >= 0)
		sys_close(idle);
	if (busy >= 0)
		unlock_busy(node, id, busy);
	return owner;
}

/* A busy owner keeps its locks, since the thread that makes it busy uses another handle. */
bool lock_owner_release(uint64_t node, uint64_t handle)
{
	struct lock_owner *owner;
	int idle = -1;

	thread_lock(&owners.lock);
	owner = find_owner_by(node, handle, true);
	if (owner && !owner->busy) {
		idle = remove_owner(owner);
	} else if (owner) {
		owner->handle = UINT64_MAX;
		journal_note_owner_handle(owner->fd, UINT64_MAX);
	}
	thread_unlock(&owners.lock);
	if (idle >= 0)
		sys_close(idle);
	return owner;
}
