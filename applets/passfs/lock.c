/* SPDX-License-Identifier: MIT */
/* passfs: locks that are taken in SOURCE, so that they conflict with those of processes there.
 *
 * POSIX and OFD locks are taken on a descriptor of their owner (lock_owner.h), flock(2) locks on the
 * handle's own descriptor.
 *
 * No server thread blocks in fcntl(2) or flock(2). The server retries the waiters whenever a
 * caller releases a lock, and every 20 ms because processes in SOURCE hold locks too. A request
 * that may wait is in one of these states:
 *
 *   asked        -- granted, or failed without a conflict --------> answered
 *   asked        -- conflict, and its INTERRUPT has come before it -> answered EINTR
 *   asked        -- conflict, and no slot is free ------------------> answered ENOLCK
 *   asked        -- conflict ---------------------------------------> waiting, in a slot
 *   waiting      -- a retry is granted or fails --------------------> answered, the slot is free
 *   waiting      -- INTERRUPT --------------------------------------> answered EINTR, the slot is free
 *   waiting on another file system than SOURCE's own (own_thread):
 *                -- its own thread is granted the lock, or fails ---> answered, the slot is free
 *                -- INTERRUPT --------------------------------------> interrupted, answered EINTR
 *   interrupted  -- its own thread comes back from SOURCE ----------> the lock that it may have got is
 *                                                                     dropped, the slot is free
 *
 * The owner of a waiter is busy, so that its descriptor stays open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "lock_owner.h"
#include "sys.h"
#include "thread.h"

enum { RETRY_MS = 20, WAITERS = 256, INTERRUPTED = 16 };

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
	struct waiter waiters[WAITERS];
	uint32_t waiter_count;
	bool polling;		/* a thread runs poll_waiters() */
	uint64_t interrupted[INTERRUPTED];	/* INTERRUPTs that arrived before their requests */
	uint32_t next;
} locks;

int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	struct fuse_file_lock *out = &req->reply.body.lock.lk;
	int fd = lock_owner_get(req, node, in), err;

	if (fd < 0)
		return fd;
	*out = in->lk;
	err = vfs_lock(fd, true, out);
	lock_owner_put(node, in, err);
	if (out->type != F_UNLCK && out->pid == UINT32_MAX)
		out->pid = lock_owner_find_pid(node, in->owner);
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

/* Frees the waiter's slot. The caller holds the lock. */
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

/* A lock request on another file system in SOURCE may block for as long as its server likes. So each such
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
	w.in.lk.type = F_UNLCK;
	try_lock(&w);
	if (!is_flock(&w) && lock_owner_is_closed(w.node, w.in.owner))
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

/* A user other than root may take as many slots as stay free. The caller holds the lock. */
static bool can_wait(uint32_t uid)
{
	uint32_t own = 0;

	for (uint32_t i = 0; i < WAITERS; i++)
		own += locks.waiters[i].unique && locks.waiters[i].uid == uid;
	return !uid || own + locks.waiter_count < WAITERS;
}

/* Returns FUSE_LATER and the waiter's slot in *place, or -errno. The caller holds the lock. */
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

	w.fd = is_flock(&w) ? pass_handle_fd(in->fh) : lock_owner_get(req, node, in);
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

/* The thread of a waiter on another file system may still get the lock: that thread releases it. Returns
   the device for the answer, or -1 if the waiter has been interrupted before. The caller holds the lock. */
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

/* close(2) drops all POSIX locks that its owner has in the file. */
void pass_unlock_owner(uint64_t node, uint64_t id)
{
	if (lock_owner_close(node, id))
		pass_retry_locks();
}

/* The last close drops the OFD locks of the open file. It also drops POSIX locks that one thread
   got by a handle that another thread had closed: the caller gets EBADF; since 6.11 the server is
   not notified. */
void pass_unlock_handle(uint64_t node, uint64_t handle)
{
	while (lock_owner_release(node, handle))
		pass_retry_locks();
}
