/* SPDX-License-Identifier: MIT */
/* passfs: locks that are taken in SOURCE, so that they conflict with those of processes there.
 *
 * The kernel identifies the owner of a POSIX lock by a number. For each owner and file the server
 * opens an open file description of its own, on which it takes the owner's locks as OFD locks
 * (F_OFD_SETLK, fcntl(2)). An OFD lock of a caller arrives in the same form, with the open file as
 * its owner: the kernel sends no FLUSH for that owner, only the RELEASE of its handle. flock(2)
 * locks are taken on the handle's own descriptor.
 *
 * No server thread blocks in fcntl(2) or flock(2). The server retries the waiters whenever a
 * caller releases a lock, and every 20 ms because processes in SOURCE hold locks too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "passfs.h"
#include "sys/priv.h"
#include "sys.h"
#include "thread.h"

enum { RETRY_MS = 20, WAITERS = 256, INTERRUPTED = 16, OWNERS = 64 * 1024 };

struct lock_owner {
	uint64_t node, id;
	uint64_t handle;	/* handle of its last lock; an OFD owner has only one */
	uint32_t pid, busy;	/* busy: requests that use fd, waiters included */
	uint32_t uid;		/* user in whose holds fd counts */
	bool closed;		/* a FLUSH arrived while the owner was busy */
	int fd;
};

struct waiter {
	int device;
	uint64_t unique;	/* 0: free slot */
	int fd;
	uint32_t uid;
	bool own_thread;		/* polled by poll_one_waiter() */
	bool interrupted;	/* EINTR is sent; that thread will free the slot */
	uint64_t node;
	struct fuse_lk_in in;
};

/* A process serves one file system. */
static struct {
	int lock;
	struct lock_owner *owners;
	uint32_t count, room;
	struct waiter waiters[WAITERS];
	uint32_t waiter_count;
	bool polling;		/* a thread runs poll_waiters() */
	uint64_t interrupted[INTERRUPTED];	/* INTERRUPTs that arrived before their requests */
	uint32_t next;
} locks;

static struct lock_owner *find_owner_by(uint64_t node, uint64_t key, bool by_handle)
{
	for (struct lock_owner *owner = locks.owners; owner < locks.owners + locks.count; owner++)
		if (owner->node == node && (by_handle ? owner->handle : owner->id) == key)
			return owner;
	return NULL;
}

static struct lock_owner *find_owner(uint64_t node, const struct fuse_lk_in *in)
{
	return find_owner_by(node, in->owner, false);
}

/* A user other than root may have as many owners as are free, and so leaves as many to other users:
   each owner takes a descriptor, and makes every search for an owner longer. */
static bool can_add_owner(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < locks.count; i++)
		own += locks.owners[i].uid == uid;
	return (!uid || own + locks.count < OWNERS) && pass_hold(uid) == 0;
}

static bool has_room_for_owner(void)
{
	uint32_t room = locks.room ? locks.room * 2 : 64;
	struct lock_owner *more;

	if (locks.count < locks.room)
		return true;
	more = sys_more_pages(locks.owners, locks.room * sizeof(*more), room * sizeof(*more));
	if (!more)
		return false;
	locks.owners = more;
	locks.room = room;
	return true;
}

void pass_resume_owner(int fd, uint64_t node, uint64_t id, uint64_t handle, uint32_t pid, uint32_t uid)
{
	if (!has_room_for_owner())
		return;
	pass_hold_anyway(uid);
	locks.owners[locks.count++] = (struct lock_owner) { node, id, handle, pid, 0, uid, false, fd };
}

static struct lock_owner *add_owner(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	if (!has_room_for_owner() || !can_add_owner(uid))
		return NULL;
	journal_note_owner(fd, node, in->owner, in->fh, in->lk.pid, uid);
	locks.owners[locks.count] = (struct lock_owner) { node, in->owner, in->fh, in->lk.pid, 0, uid, false, fd };
	return locks.owners + locks.count++;
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

/* The descriptor of the owner's open file description, which stays open until lock_owner_put(). A
   new owner takes over fd; without fd (-1) the result is -ENOLCK. */
static int lock_owner_get(uint64_t node, const struct fuse_lk_in *in, uint32_t uid, int fd)
{
	struct lock_owner *owner;

	thread_lock(&locks.lock);
	owner = find_owner(node, in);
	if (!owner && fd >= 0)
		owner = add_owner(node, in, uid, fd);
	fd = owner ? owner->fd : -ENOLCK;
	if (owner) {
		owner->busy++;
		owner->closed = false;
		note_handle(owner, in);
	}
	thread_unlock(&locks.lock);
	return fd;
}

/* Locked. A lock that was granted determines the owner's handle, even if the owner has used another
   handle since. */
static void lock_owner_put(uint64_t node, const struct fuse_lk_in *in, int err)
{
	struct lock_owner *owner = find_owner(node, in);

	if (!owner)	/* cannot happen: a busy owner stays */
		return;
	owner->busy--;
	if (!err)
		note_handle(owner, in);
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

/* lock_owner_get(), which opens a description for an owner that has none yet. */
static int get_owner_fd(const struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	int kept = lock_owner_get(node, in, 0, -1), fd;

	if (kept >= 0)
		return kept;
	fd = open_to_lock(req, node, in->fh);
	if (fd < 0)
		fd = vfs_reopen(pass_fd(req, node), O_RDONLY);
	if (fd < 0)
		return fd;
	kept = lock_owner_get(node, in, req->in->uid, fd);
	if (kept != fd)		/* another thread has added the owner, or there is no room */
		sys_close(fd);
	return kept;
}

/* Locked. The kernel has no pid for an OFD lock: report that of any other owner in the file. */
static uint32_t find_holder_pid(uint64_t node, uint64_t id)
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
	int fd = get_owner_fd(req, node, in), err;

	if (fd < 0)
		return fd;
	*out = in->lk;
	err = vfs_lock(fd, true, out);
	thread_lock(&locks.lock);
	lock_owner_put(node, in, err);
	if (out->type != F_UNLCK && out->pid == UINT32_MAX)
		out->pid = find_holder_pid(node, in->owner);
	thread_unlock(&locks.lock);
	req->reply.body_size = sizeof(struct fuse_lk_out);
	return err;
}

/* ---- Waiting ---- */

static bool is_flock(const struct waiter *w)
{
	return w->in.lk_flags & FUSE_LK_FLOCK;
}

static int try_lock(const struct waiter *w)
{
	struct fuse_file_lock lock = w->in.lk;

	return is_flock(w) ? vfs_flock(w->fd, lock.type) : vfs_lock(w->fd, false, &lock);
}

/* Locked. Frees the waiter's slot. */
static void end_wait(struct waiter *w, int err)
{
	if (!is_flock(w))
		lock_owner_put(w->node, &w->in, err);
	w->unique = 0;
	locks.waiter_count--;
}

/* Answers each waiter whose lock is granted or fails. ends: clears locks.polling if no waiter is
   left. */
static bool retry_waiters(bool ends)
{
	bool is_any_waiting = false;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < WAITERS; i++) {
		struct waiter *w = locks.waiters + i;
		int err = w->unique && !w->own_thread ? try_lock(w) : -EAGAIN;

		if (err == -EAGAIN || err == -EACCES) {
			is_any_waiting |= w->unique && !w->own_thread;
			continue;
		}
		fuse_answer(w->device, w->unique, err);
		end_wait(w, err);
	}
	if (ends && !is_any_waiting)
		locks.polling = false;
	thread_unlock(&locks.lock);
	return is_any_waiting;
}

static void *poll_waiters(void *nothing)
{
	while (retry_waiters(true))
		sys_sleep_ms(RETRY_MS);
	return nothing;
}

void pass_retry_locks(void)
{
	if (__atomic_load_n(&locks.waiter_count, __ATOMIC_RELAXED))
		retry_waiters(false);
}

/* ---- Waiting on another file system than SOURCE's own ---- */

/* A lock request there may block for as long as that file system's server likes. So each such
   waiter has a thread of its own, which retries no other waiter. */
static int retry_until_interrupted(const struct waiter *w)
{
	int err;

	while ((err = try_lock(w)) == -EAGAIN || err == -EACCES) {
		if (__atomic_load_n(&w->interrupted, __ATOMIC_RELAXED))
			break;
		sys_sleep_ms(RETRY_MS);
	}
	return err;
}

/* The caller of an interrupted request does not know of its lock: release it. If the owner has
   closed the file meanwhile, drop the owner too. */
static void unlock_unclaimed(struct waiter w)
{
	const struct lock_owner *owner;
	bool closed;

	w.in.lk.type = F_UNLCK;
	try_lock(&w);
	if (is_flock(&w))
		return;
	thread_lock(&locks.lock);
	owner = find_owner(w.node, &w.in);
	closed = owner && owner->closed;
	thread_unlock(&locks.lock);
	if (closed)
		pass_unlock_owner(w.node, w.in.owner);
}

static void *poll_one_waiter(void *place)
{
	struct waiter *w = place, was = *w;
	int err = retry_until_interrupted(w);

	thread_lock(&locks.lock);
	was.interrupted = w->interrupted;
	if (!was.interrupted)
		fuse_answer(was.device, was.unique, err);
	end_wait(w, err);
	thread_unlock(&locks.lock);
	if (was.interrupted)
		unlock_unclaimed(was);
	if (is_flock(&was))
		sys_close(was.fd);
	return NULL;
}

static bool has_early_interrupt(uint64_t unique)
{
	for (uint32_t i = 0; i < INTERRUPTED; i++)
		if (locks.interrupted[i] == unique)
			return true;
	return false;
}

/* Locked. A user other than root may take as many slots as stay free. */
static bool can_wait(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < WAITERS; i++)
		own += locks.waiters[i].unique && locks.waiters[i].uid == uid;
	return !uid || own + locks.waiter_count < WAITERS;
}

/* Locked. Returns FUSE_LATER and the waiter's slot in *place, or -errno. */
static int add_waiter(const struct waiter *w, struct waiter **place)
{
	if (has_early_interrupt(w->unique))
		return -EINTR;
	for (uint32_t i = 0; i < WAITERS && can_wait(w->uid); i++) {
		if (!locks.waiters[i].unique) {
			*place = locks.waiters + i;
			**place = *w;
			locks.waiter_count++;
			return FUSE_LATER;
		}
	}
	return -ENOLCK;
}

/* If no thread can be started, poll in this one. But refuse a waiter on another file system: in
   this thread it could block the request that releases the lock. */
static int start_polling(struct waiter *place, bool own_thread)
{
	if (thread_start(own_thread ? poll_one_waiter : poll_waiters, place) == 0)
		return FUSE_LATER;
	if (!own_thread) {
		poll_waiters(NULL);
		return FUSE_LATER;
	}
	thread_lock(&locks.lock);
	end_wait(place, -ENOLCK);
	thread_unlock(&locks.lock);
	return -ENOLCK;
}

int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait)
{
	struct waiter *place = NULL, w = {
		.device = req->device, .unique = req->in->unique, .uid = req->in->uid, .node = node, .in = *in,
		.own_thread = pass_place(pass_of(req), node) != 0,
	};
	bool start = false;
	int err;

	w.fd = is_flock(&w) ? pass_handle_fd(in->fh) : get_owner_fd(req, node, in);
	if (w.fd < 0)
		return w.fd;
	err = try_lock(&w);
	if (err == -EACCES)
		err = -EAGAIN;
	if (err == -EAGAIN && wait && w.own_thread && is_flock(&w) && (w.fd = vfs_dup(w.fd)) < 0)
		return w.fd;	/* the polling thread may outlive the handle */
	thread_lock(&locks.lock);
	if (err == -EAGAIN && wait)
		err = add_waiter(&w, &place);
	if (!is_flock(&w) && err != FUSE_LATER)
		lock_owner_put(node, in, err);
	if (place && !w.own_thread) {
		start = !locks.polling;
		locks.polling = true;
	}
	thread_unlock(&locks.lock);
	if (place && (start || w.own_thread))
		err = start_polling(place, w.own_thread);
	if (err != FUSE_LATER && wait && w.own_thread && is_flock(&w) && w.fd != pass_handle_fd(in->fh))
		sys_close(w.fd);
	if (!err && in->lk.type == F_UNLCK)
		pass_retry_locks();
	return err;
}

/* Locked. The thread of a waiter on another file system may still get the lock: that thread
   releases it. Returns the device for the answer, or -1 if the waiter has been interrupted
   before. */
static int interrupt_waiter(struct waiter *w)
{
	int device = w->device;

	if (!w->own_thread)
		end_wait(w, -EINTR);
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
	for (uint32_t i = 0; i < WAITERS && !found; i++) {
		if (locks.waiters[i].unique == unique) {
			device = interrupt_waiter(locks.waiters + i);
			found = true;
		}
	}
	if (!found)
		locks.interrupted[locks.next++ % INTERRUPTED] = unique;
	thread_unlock(&locks.lock);
	if (device >= 0)
		fuse_answer(device, unique, -EINTR);
}

/* Returns whether the owner exists. The descriptor of a busy owner stays open, since another thread
   of the owner may be about to get a lock on it. A FLUSH drops the locks that the owner has so far.
   A RELEASE drops none, since that thread uses another handle. */
static bool drop_owner(uint64_t node, uint64_t key, bool by_handle)
{
	struct fuse_file_lock all = { .end = INT64_MAX, .type = F_UNLCK };
	struct lock_owner *owner;
	int fd = -1, busy = -1;
	uint64_t id = 0;

	thread_lock(&locks.lock);
	owner = find_owner_by(node, key, by_handle);
	if (owner && !owner->busy) {
		fd = owner->fd;
		pass_release_hold(owner->uid);
		journal_forget_owner(fd);
		*owner = locks.owners[--locks.count];
	} else if (owner && by_handle) {
		owner->handle = UINT64_MAX;
		journal_note_owner_handle(owner->fd, UINT64_MAX);
	} else if (owner) {
		owner->closed = true;
		owner->busy++;		/* keeps the descriptor open */
		busy = owner->fd;
		id = owner->id;
	}
	thread_unlock(&locks.lock);
	if (fd >= 0)
		sys_close(fd);
	if (busy >= 0) {
		vfs_lock(busy, false, &all);
		thread_lock(&locks.lock);
		lock_owner_put(node, &(struct fuse_lk_in) { .owner = id, .lk.type = F_UNLCK }, 0);
		thread_unlock(&locks.lock);
	}
	if (owner)
		pass_retry_locks();
	return owner;
}

/* close(2) drops all POSIX locks that its owner has in the file. */
void pass_unlock_owner(uint64_t node, uint64_t id)
{
	drop_owner(node, id, false);
}

/* The last close drops the OFD locks of the open file. It also drops POSIX locks that one thread
   got by a handle that another thread had closed: the caller gets EBADF; since 6.11 the server is
   not notified. */
void pass_unlock_handle(uint64_t node, uint64_t handle)
{
	while (drop_owner(node, handle, true))
		;
}
