/* passfs: locks that are SOURCE's, so that those who work there see them.
 *
 * A POSIX lock belongs to an owner, of which the kernel tells a number: each owner of locks
 * in a file has an open file description of ours, with locks of its own (fcntl(2), F_OFD_).
 * flock(2) is on the handle's. Nobody waits in the kernel: those who wait are tried again
 * when a lock is given back here, and every 20 ms for locks from elsewhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "passfs.h"
#include "sys.h"
#include "thread.h"

enum { AGAIN_MS = 20, WAITING = 256, INTERRUPTED = 16 };

struct owner { uint64_t node, id; uint32_t pid; int fd; };

struct waiting {
	int device;
	uint64_t unique;	/* 0: this place is free */
	int fd;
	bool flock;
	struct fuse_file_lock lock;
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

static struct owner *owner_of(uint64_t node, uint64_t id)
{
	for (uint32_t i = 0; i < locks.count; i++)
		if (locks.owners[i].node == node && locks.owners[i].id == id)
			return locks.owners + i;
	return NULL;
}

static int add_owner(uint64_t node, uint64_t id, uint32_t pid, int fd)
{
	if (locks.count == locks.room) {
		uint32_t room = locks.room ? locks.room * 2 : 64;
		struct owner *more = sys_more_pages(locks.owners, locks.room * sizeof(*more), room * sizeof(*more));

		if (!more)
			return -ENOLCK;
		locks.owners = more;
		locks.room = room;
	}
	locks.owners[locks.count++] = (struct owner) { node, id, pid, fd };
	return fd;
}

/* The owner's description of the file, made when it has none. */
static int description(const struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	struct owner *owner;
	int fd, kept;

	thread_lock(&locks.lock);
	owner = owner_of(node, in->owner);
	fd = owner ? owner->fd : -1;
	thread_unlock(&locks.lock);
	if (owner)
		return fd;
	fd = sysfs_reopen(pass_fd(req, node), O_RDWR);
	if (fd < 0)
		fd = sysfs_reopen(pass_fd(req, node), O_RDONLY);
	if (fd < 0)
		return fd;
	thread_lock(&locks.lock);
	owner = owner_of(node, in->owner);	/* another thread was quicker */
	kept = owner ? owner->fd : add_owner(node, in->owner, in->lk.pid, fd);
	thread_unlock(&locks.lock);
	if (kept != fd)
		sys_close(fd);
	return kept;
}

/* Ours have no process, as far as the kernel knows. */
static uint32_t other_pid(uint64_t node, uint64_t id)
{
	uint32_t pid = 0;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < locks.count && !pid; i++)
		if (locks.owners[i].node == node && locks.owners[i].id != id)
			pid = locks.owners[i].pid;
	thread_unlock(&locks.lock);
	return pid;
}

int pass_getlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in)
{
	struct fuse_file_lock *out = &req->reply.body.lock.lk;
	int fd = description(req, node, in), err;

	*out = in->lk;
	err = fd < 0 ? fd : sysfs_lock(fd, true, out);
	if (err)
		return err;
	if (out->type != F_UNLCK && out->pid == UINT32_MAX)
		out->pid = other_pid(node, in->owner);
	req->reply.body_size = sizeof(struct fuse_lk_out);
	return 0;
}

/* ---- Waiting ---- */

static int try(const struct waiting *w)
{
	struct fuse_file_lock lock = w->lock;

	return w->flock ? sysfs_flock(w->fd, lock.type) : sysfs_lock(w->fd, false, &lock);
}

/* Whoever has got it, or an error, is answered, and his place is free. */
static bool try_all(bool ends)
{
	bool anybody;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < WAITING; i++) {
		struct waiting *w = locks.waiting + i;
		int err = w->unique ? try(w) : -EAGAIN;

		if (err == -EAGAIN || err == -EACCES)
			continue;
		fuse_answer(w->device, w->unique, err);
		w->unique = 0;
		locks.waits--;
	}
	anybody = locks.waits != 0;
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

static bool came_before(uint64_t unique)
{
	for (uint32_t i = 0; i < INTERRUPTED; i++)
		if (locks.interrupted[i] == unique)
			return true;
	return false;
}

static int wait_for(const struct waiting *w)
{
	int err = -ENOLCK;
	bool start = false;

	thread_lock(&locks.lock);
	if (came_before(w->unique))
		err = -EINTR;
	for (uint32_t i = 0; i < WAITING && err == -ENOLCK; i++) {
		if (!locks.waiting[i].unique) {
			locks.waiting[i] = *w;
			locks.waits++;
			start = !locks.trying;
			locks.trying = true;
			err = FUSE_LATER;
		}
	}
	thread_unlock(&locks.lock);
	if (start && thread_start(keep_trying, NULL) < 0)
		keep_trying(NULL);	/* in this one, then */
	return err;
}

int pass_setlk(struct fuse_req *req, uint64_t node, const struct fuse_lk_in *in, bool wait)
{
	struct waiting w = { req->device, req->in->unique, -1, in->lk_flags & FUSE_LK_FLOCK, in->lk };
	int err;

	w.fd = w.flock ? (int)in->fh : description(req, node, in);
	err = w.fd < 0 ? w.fd : try(&w);
	if (err == -EACCES)
		err = -EAGAIN;
	if (err == -EAGAIN && wait)
		return wait_for(&w);
	if (!err && in->lk.type == F_UNLCK)
		pass_retry_locks();
	return err;
}

void pass_interrupt(struct fuse_req *req, uint64_t unique)
{
	bool found = false;
	int device = -1;

	(void)req;

	thread_lock(&locks.lock);
	for (uint32_t i = 0; i < WAITING && !found; i++) {
		if (locks.waiting[i].unique == unique) {
			locks.waiting[i].unique = 0;
			device = locks.waiting[i].device;
			locks.waits--;
			found = true;
		}
	}
	if (!found)
		locks.interrupted[locks.next++ % INTERRUPTED] = unique;
	thread_unlock(&locks.lock);
	if (found)
		fuse_answer(device, unique, -EINTR);
}

/* A close by an owner ends his locks in the file. */
void pass_unlock_owner(uint64_t node, uint64_t id)
{
	struct owner *owner;
	int fd = -1;

	thread_lock(&locks.lock);
	owner = owner_of(node, id);
	if (owner) {
		fd = owner->fd;
		*owner = locks.owners[--locks.count];
	}
	thread_unlock(&locks.lock);
	if (fd >= 0) {
		sys_close(fd);
		pass_retry_locks();
	}
}
