/* passfs: locks that are SOURCE's, so that those who work there see them.
 *
 * A POSIX lock belongs to an owner, of which the kernel tells a number: each owner of locks
 * in a file has an open file description of ours, with locks of its own (fcntl(2), F_OFD_).
 * An F_OFD_ lock of a caller looks the same, its owner being the open file: of him no FLUSH
 * tells, only the RELEASE of his handle. flock(2) is on the handle's. Nobody waits in the
 * kernel: those who wait are tried again when a lock is given back here, and every 20 ms for
 * locks from elsewhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "passfs.h"
#include "sys.h"
#include "thread.h"

enum { AGAIN_MS = 20, WAITING = 256, INTERRUPTED = 16, OWNERS = 64 * 1024 };

struct owner {
	uint64_t node, id;
	uint64_t handle;	/* by which the last lock came; an open file's all come by one */
	uint32_t pid, busy;	/* busy: requests that use fd, those that wait among them */
	uint32_t uid;		/* for whom its descriptor counts */
	bool closed;		/* a close came while it was busy */
	int fd;
};

struct waiting {
	int device;
	uint64_t unique;	/* 0: this place is free */
	int fd;
	uint32_t uid;
	bool alone;		/* a thread of its own tries it */
	bool interrupted;	/* answered; that thread has yet to free the place */
	uint64_t node;
	struct fuse_lk_in in;
};

/* There is one file system in a process. */
static struct {
	int lock;
	struct owner *owners;
	uint32_t count, room;
	struct waiting waiting[WAITING];
	uint32_t waits;
	bool trying;		/* a thread does, as long as anybody waits */
	uint64_t interrupted[INTERRUPTED];	/* that came before what they interrupt */
	uint32_t next;
} locks;

static struct owner *owner_by(uint64_t node, uint64_t which, bool by_handle)
{
	for (struct owner *owner = locks.owners; owner < locks.owners + locks.count; owner++)
		if (owner->node == node && (by_handle ? owner->handle : owner->id) == which)
			return owner;
	return NULL;
}

static struct owner *owner_of(uint64_t node, const struct fuse_lk_in *in)
{
	return owner_by(node, in->owner, false);
}

/* No user other than root may have more owners of locks than are left to others: each takes a
   descriptor, and time of whoever looks for one. */
static bool may_own(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < locks.count; i++)
		own += locks.owners[i].uid == uid;
	return (!uid || own + locks.count < OWNERS) && pass_hold(uid) == 0;
}

static struct owner *add_owner(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	if (locks.count == locks.room) {
		uint32_t room = locks.room ? locks.room * 2 : 64;
		struct owner *more = sys_more_pages(locks.owners, locks.room * sizeof(*more), room * sizeof(*more));

		if (!more)
			return NULL;
		locks.owners = more;
		locks.room = room;
	}
	if (!may_own(uid))
		return NULL;
	locks.owners[locks.count] = (struct owner) { node, in->owner, in->fh, in->lk.pid, 0, uid, false, fd };
	return locks.owners + locks.count++;
}

/* To unlock does not count: the kernel does so by a handle that a thread has closed while
   another one locked by it. */
static void comes_by(struct owner *owner, const struct fuse_lk_in *in)
{
	if (in->lk.type != F_UNLCK)
		owner->handle = in->fh;
}

/* The owner's description, which stays until leave(). If he has none, fd is, if there is one. */
static int enter(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	struct owner *owner;

	thread_lock(&locks.lock);
	owner = owner_of(node, in);
	if (!owner && fd >= 0)
		owner = add_owner(node, in, uid, fd);
	fd = owner ? owner->fd : -ENOLCK;
	if (owner) {
		owner->busy++;
		owner->closed = false;
		comes_by(owner, in);
	}
	thread_unlock(&locks.lock);
	return fd;
}

/* Locked. What was got counts from now on, whatever was asked for since. */
static void leave(uint64_t node, const struct fuse_lk_in *in, int err)
{
	struct owner *owner = owner_of(node, in);

	if (!owner)	/* he is busy, and so he is there */
		return;
	owner->busy--;
	if (!err)
		comes_by(owner, in);
}

/* The owner's description of the file, made when he has none, and entered. */
static int description(const struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	int kept = enter(node, in, 0, -1), fd;

	if (kept >= 0)
		return kept;
	fd = sysfs_reopen(pass_fd(req, node), O_RDWR);
	if (fd < 0)
		fd = sysfs_reopen(pass_fd(req, node), O_RDONLY);
	if (fd < 0)
		return fd;
	kept = enter(node, in, req->in->uid, fd);
	if (kept != fd)		/* another thread was quicker */
		sys_close(fd);
	return kept;
}

/* Ours have no process, as far as the kernel knows. Locked. */
static uint32_t other_pid(uint64_t node, uint64_t id)
{
	uint32_t pid = 0;

	for (uint32_t i = 0; i < locks.count && !pid; i++)
		if (locks.owners[i].node == node && locks.owners[i].id != id)
			pid = locks.owners[i].pid;
	return pid;
}

int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	struct fuse_file_lock *out = &req->reply.body.lock.lk;
	int fd = description(req, node, in), err;

	if (fd < 0)
		return fd;
	*out = in->lk;
	err = sysfs_lock(fd, true, out);
	thread_lock(&locks.lock);
	leave(node, in, err);
	if (out->type != F_UNLCK && out->pid == UINT32_MAX)
		out->pid = other_pid(node, in->owner);
	thread_unlock(&locks.lock);
	req->reply.body_size = sizeof(struct fuse_lk_out);
	return err;
}

/* ---- Waiting ---- */

static bool is_flock(const struct waiting *w)
{
	return w->in.lk_flags & FUSE_LK_FLOCK;
}

static int try(const struct waiting *w)
{
	struct fuse_file_lock lock = w->in.lk;

	return is_flock(w) ? sysfs_flock(w->fd, lock.type) : sysfs_lock(w->fd, false, &lock);
}

/* His place is free; locked. */
static void waited(struct waiting *w, int err)
{
	if (!is_flock(w))
		leave(w->node, &w->in, err);
	w->unique = 0;
	locks.waits--;
}

/* Whoever has got it, or an error, is answered. */
static bool try_all(bool ends)
{
	bool anybody = false;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < WAITING; i++) {
		struct waiting *w = locks.waiting + i;
		int err = w->unique && !w->alone ? try(w) : -EAGAIN;

		if (err == -EAGAIN || err == -EACCES) {
			anybody |= w->unique && !w->alone;
			continue;
		}
		fuse_answer(w->device, w->unique, err);
		waited(w, err);
	}
	if (ends && !anybody)
		locks.trying = false;
	thread_unlock(&locks.lock);
	return anybody;
}

static void *keep_trying(void *nothing)
{
	while (try_all(true))
		sys_sleep_ms(AGAIN_MS);
	return nothing;
}

void pass_retry_locks(void)
{
	if (__atomic_load_n(&locks.waits, __ATOMIC_RELAXED))
		try_all(false);
}

/* ---- Waiting on another file system than SOURCE's own ---- */

/* To try may take as long as the server of that file system likes: each waiter has a thread,
   and nobody else's lock is tried by it. */
static int try_until_interrupted(const struct waiting *w)
{
	int err;

	while ((err = try(w)) == -EAGAIN || err == -EACCES) {
		if (__atomic_load_n(&w->interrupted, __ATOMIC_RELAXED))
			break;
		sys_sleep_ms(AGAIN_MS);
	}
	return err;
}

/* What was got after all is nobody's; and its owner may have closed the file meanwhile. */
static void give_back(struct waiting w)
{
	const struct owner *owner;
	bool closed;

	w.in.lk.type = F_UNLCK;
	try(&w);
	if (is_flock(&w))
		return;
	thread_lock(&locks.lock);
	owner = owner_of(w.node, &w.in);
	closed = owner && owner->closed;
	thread_unlock(&locks.lock);
	if (closed)
		pass_unlock_owner(w.node, w.in.owner);
}

static void *try_alone(void *place)
{
	struct waiting *w = place, was = *w;
	int err = try_until_interrupted(w);

	thread_lock(&locks.lock);
	was.interrupted = w->interrupted;
	if (!was.interrupted)
		fuse_answer(was.device, was.unique, err);
	waited(w, err);
	thread_unlock(&locks.lock);
	if (was.interrupted)
		give_back(was);
	if (is_flock(&was))
		sys_close(was.fd);
	return NULL;
}

static bool came_before(uint64_t unique)
{
	for (uint32_t i = 0; i < INTERRUPTED; i++)
		if (locks.interrupted[i] == unique)
			return true;
	return false;
}

/* A user other than root may take as many places as stay free. Locked. */
static bool may_wait(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < WAITING; i++)
		own += locks.waiting[i].unique && locks.waiting[i].uid == uid;
	return !uid || own + locks.waits < WAITING;
}

/* Locked. Returns FUSE_LATER, with the waiter in *place, or an error. */
static int wait_for(const struct waiting *w, struct waiting **place)
{
	if (came_before(w->unique))
		return -EINTR;
	for (uint32_t i = 0; i < WAITING && may_wait(w->uid); i++) {
		if (!locks.waiting[i].unique) {
			*place = locks.waiting + i;
			**place = *w;
			locks.waits++;
			return FUSE_LATER;
		}
	}
	return -ENOLCK;
}

/* Without a thread for it, a waiter on another file system is refused: in this thread it could
   keep out the request that gives the lock back. */
static int start_trying(struct waiting *place, bool alone)
{
	if (thread_start(alone ? try_alone : keep_trying, place) == 0)
		return FUSE_LATER;
	if (!alone) {
		keep_trying(NULL);
		return FUSE_LATER;
	}
	thread_lock(&locks.lock);
	waited(place, -ENOLCK);
	thread_unlock(&locks.lock);
	return -ENOLCK;
}

int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait)
{
	struct waiting *place = NULL, w = {
		.device = req->device, .unique = req->in->unique, .uid = req->in->uid, .node = node, .in = *in,
		.alone = pass_place(pass_of(req), node) != 0,
	};
	bool start = false;
	int err;

	w.fd = is_flock(&w) ? pass_handle_fd(in->fh) : description(req, node, in);
	if (w.fd < 0)
		return w.fd;
	err = try(&w);
	if (err == -EACCES)
		err = -EAGAIN;
	if (err == -EAGAIN && wait && w.alone && is_flock(&w) && (w.fd = sysfs_dup(w.fd)) < 0)
		return w.fd;	/* else its thread could come after the handle's end */
	thread_lock(&locks.lock);
	if (err == -EAGAIN && wait)
		err = wait_for(&w, &place);
	if (!is_flock(&w) && err != FUSE_LATER)
		leave(node, in, err);
	if (place && !w.alone) {
		start = !locks.trying;
		locks.trying = true;
	}
	thread_unlock(&locks.lock);
	if (place && (start || w.alone))
		err = start_trying(place, w.alone);
	if (err != FUSE_LATER && wait && w.alone && is_flock(&w) && w.fd != pass_handle_fd(in->fh))
		sys_close(w.fd);
	if (!err && in->lk.type == F_UNLCK)
		pass_retry_locks();
	return err;
}

/* Locked. A lock that is being tried in its thread may be got all the same: that thread gives
   it back. */
static int interrupt(struct waiting *w)
{
	int device = w->device;

	if (!w->alone)
		waited(w, -EINTR);
	else if (__atomic_exchange_n(&w->interrupted, true, __ATOMIC_RELAXED))
		return -1;
	return device;
}

void pass_interrupt(struct fuse_req *req, uint64_t unique)
{
	bool found = false;
	int device = -1;

	(void)req;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < WAITING && !found; i++) {
		if (locks.waiting[i].unique == unique) {
			device = interrupt(locks.waiting + i);
			found = true;
		}
	}
	if (!found)
		locks.interrupted[locks.next++ % INTERRUPTED] = unique;
	thread_unlock(&locks.lock);
	if (device >= 0)
		fuse_answer(device, unique, -EINTR);
}

/* Whether there was such an owner. What another of his threads is about to get will be on
   his description, which stays as long: at a FLUSH without the locks; at a RELEASE as it is,
   since that thread has come by another handle. */
static bool unlock(uint64_t node, uint64_t which, bool by_handle)
{
	struct fuse_file_lock all = { .end = INT64_MAX, .type = F_UNLCK };
	struct owner *owner;
	int fd = -1, busy = -1;
	uint64_t id = 0;

	thread_lock(&locks.lock);
	owner = owner_by(node, which, by_handle);
	if (owner && !owner->busy) {
		fd = owner->fd;
		pass_release_hold(owner->uid);
		*owner = locks.owners[--locks.count];
	} else if (owner && by_handle) {
		owner->handle = UINT64_MAX;
	} else if (owner) {
		owner->closed = true;
		owner->busy++;		/* so that its descriptor stays */
		busy = owner->fd;
		id = owner->id;
	}
	thread_unlock(&locks.lock);
	if (fd >= 0)
		sys_close(fd);
	if (busy >= 0) {
		sysfs_lock(busy, false, &all);
		thread_lock(&locks.lock);
		leave(node, &(struct fuse_lk_in) { .owner = id, .lk.type = F_UNLCK }, 0);
		thread_unlock(&locks.lock);
	}
	if (owner)
		pass_retry_locks();
	return owner;
}

/* A close by an owner ends his locks in the file. */
void pass_unlock_owner(uint64_t node, uint64_t id)
{
	unlock(node, id, false);
}

/* The last close of an open file ends its own; and what a thread got by it when another one
   had closed it: he is told EBADF, but we are not, since Linux 6.11. */
void pass_unlock_handle(uint64_t node, uint64_t handle)
{
	while (unlock(node, handle, true))
		;
}
