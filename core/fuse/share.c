/* SPDX-License-Identifier: MIT */
/* share: see share.h. */
#include "fuse/share.h"

#include <errno.h>
#include <string.h>

#include "sys.h"
#include "thread.h"

/* Limits on the copied requests: of all kinds, of one kind, and bytes of one kind. */
enum { MOST_KEPT = 16 * 1024, KEPT_EACH = 4096, KEPT_BYTES = 64 << 20, FIRST_ROOM = 64 };

enum { FOR_ROOT = 8 };	/* threads that serve only uid 0 */

/* The kind of a request. place: the file system below that serves it, 0 for the one that most
   nodes are on (see fuse_ops.place). */
struct kind { uint64_t place; uint32_t uid; };
struct running { uint64_t unique; struct kind kind; };	/* unique 0: the thread is idle */
struct kept { uint64_t unique; struct kind kind; uint32_t size; int device; void *bytes; };

static struct {
	int lock;		/* protects all members but `running`: each thread sets its own element */
	struct running running[SHARE_THREADS];
	bool joined[SHARE_THREADS];
	struct kept *kept;
	uint32_t count, room;
} all;

int share_join(void)
{
	int thread = 0;

	thread_lock(&all.lock);
	while (thread < SHARE_THREADS && all.joined[thread])
		thread++;
	if (thread < SHARE_THREADS)
		all.joined[thread] = true;
	thread_unlock(&all.lock);
	return thread < SHARE_THREADS ? thread : -EAGAIN;
}

void share_leave(int thread)
{
	thread_lock(&all.lock);
	all.joined[thread] = false;
	thread_unlock(&all.lock);
}

/* The kind is stored before `unique`, so that a thread that sees the request sees its kind. */
static void set_running(int thread, uint64_t unique, struct kind kind)
{
	struct running *r = all.running + thread;

	__atomic_store_n(&r->kind.place, kind.place, __ATOMIC_RELAXED);
	__atomic_store_n(&r->kind.uid, kind.uid, __ATOMIC_RELAXED);
	__atomic_store_n(&r->unique, unique, __ATOMIC_SEQ_CST);
}

static bool is_running(int thread, struct kind *kind)
{
	const struct running *r = all.running + thread;

	if (!__atomic_load_n(&r->unique, __ATOMIC_SEQ_CST))
		return false;
	kind->place = __atomic_load_n(&r->kind.place, __ATOMIC_RELAXED);
	kind->uid = __atomic_load_n(&r->kind.uid, __ATOMIC_RELAXED);
	return true;
}

uint64_t share_progress(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < SHARE_THREADS; i++)
		sum += __atomic_load_n(&all.running[i].unique, __ATOMIC_RELAXED);
	return sum;
}

/* Whether two requests count for the same limit: requests of one user, not root, that both go to
   file systems below, or both do not; and all requests for one file system below. So other
   users' requests never delay root's, but a file system below that hangs does. */
static bool shares_limit(struct kind a, struct kind b)
{
	return (a.uid && a.uid == b.uid && !a.place == !b.place) || (a.place && a.place == b.place);
}

static uint32_t busy_threads(int thread)
{
	uint32_t busy = 0;
	struct kind kind;

	for (int i = 0; i < SHARE_THREADS; i++)
		busy += i != thread && is_running(i, &kind);
	return busy;
}

static uint32_t max_threads(const struct fuse_session *s)
{
	return s->most ? s->most : SHARE_THREADS;
}

/* Whether another request of this kind would exceed a limit. */
static bool exceeds_limit(const struct fuse_session *s, int thread, struct kind kind)
{
	uint32_t same = 0, others = 0;
	struct kind other;

	for (int i = 0; i < SHARE_THREADS; i++) {
		if (i == thread || !is_running(i, &other))
			continue;
		others += other.place != 0;
		same += shares_limit(kind, other);
	}
	return same >= SHARE_EACH || (kind.place && others >= max_threads(s) / 2)
	       || (kind.uid && busy_threads(thread) >= max_threads(s) - FOR_ROOT);
}

static bool has_room(struct kind kind, size_t size)
{
	uint32_t same = 0;
	size_t bytes = size;

	for (uint32_t i = 0; i < all.count; i++) {
		if (shares_limit(kind, all.kept[i].kind)) {
			same++;
			bytes += all.kept[i].size;
		}
	}
	return same < KEPT_EACH && bytes <= KEPT_BYTES && all.count < MOST_KEPT;
}

static bool queue_copy(struct kept what, const void *bytes)
{
	if (all.count == all.room) {
		uint32_t room = all.room ? all.room * 2 : FIRST_ROOM;
		struct kept *more = sys_more_pages(all.kept, all.room * sizeof(*more), room * sizeof(*more));

		if (!more)
			return false;
		all.kept = more;
		all.room = room;
	}
	what.bytes = sys_pages(what.size);
	if (!what.bytes)
		return false;
	memcpy(what.bytes, bytes, what.size);
	all.kept[all.count] = what;
	/* A thread that ends its request after this store sees the copy. */
	__atomic_store_n(&all.count, all.count + 1, __ATOMIC_SEQ_CST);
	return true;
}

static struct kept dequeue(uint32_t which)
{
	struct kept taken = all.kept[which];

	__atomic_store_n(&all.count, all.count - 1, __ATOMIC_RELAXED);
	memmove(all.kept + which, all.kept + which + 1, (all.count - which) * sizeof(taken));
	return taken;
}

/* Requests that have no caller and never block in SOURCE are not limited. */
static bool is_limited(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT
	       && opcode != FUSE_DESTROY && opcode != FUSE_NOTIFY_REPLY;
}

/* The kernel sends a RELEASE once and ignores the answer: if the server refused it, the file would
   stay open for ever. Open files limit how many RELEASEs can wait. */
static bool can_refuse(uint32_t opcode)
{
	return opcode != FUSE_RELEASE && opcode != FUSE_RELEASEDIR;
}

/* COPY_FILE_RANGE can wait for the server of either file. */
static uint64_t request_place(const struct fuse_session *s, const struct fuse_in_header *in, size_t size)
{
	const struct fuse_copy_file_range_in *copy = (const void *)(in + 1);
	bool copies = in->opcode == FUSE_COPY_FILE_RANGE || in->opcode == FUSE_COPY_FILE_RANGE_64;
	uint64_t place = s->ops->place ? s->ops->place(s->fs, in->nodeid) : 0;

	if (place || !s->ops->place || !copies || size < sizeof(*in) + sizeof(*copy))
		return place;
	return s->ops->place(s->fs, copy->nodeid_out);
}

/* Copies the request, to run it later. If there is no memory, a request that must not be refused
   runs now. */
static enum share queue_or_refuse(struct kept what, const struct fuse_in_header *in)
{
	if (can_refuse(in->opcode) && !has_room(what.kind, what.size))
		return SHARE_REFUSE;
	return queue_copy(what, in) ? SHARE_KEPT : can_refuse(in->opcode) ? SHARE_REFUSE : SHARE_RUN;
}

static void set_idle(int thread)
{
	__atomic_store_n(&all.running[thread].unique, 0, __ATOMIC_SEQ_CST);
}

enum share share_begin(int thread, const struct fuse_session *s, int device, const void *bytes, size_t size,
		       bool stalled)
{
	const struct fuse_in_header *in = bytes;
	enum share result = SHARE_RUN;
	struct kind kind;

	if (size < sizeof(*in) || !is_limited(in->opcode))
		return SHARE_RUN;
	kind = (struct kind) { request_place(s, in, size), in->uid };
	set_running(thread, in->unique, kind);
	if (!stalled)
		return SHARE_RUN;
	thread_lock(&all.lock);
	if (exceeds_limit(s, thread, kind)) {
		const struct kept copy = { in->unique, kind, (uint32_t)size, device, NULL };

		result = queue_or_refuse(copy, in);
		/* The last running request of this kind may have ended before the copy was visible. */
		if (result == SHARE_KEPT && !exceeds_limit(s, thread, kind)) {
			sys_free_pages(dequeue(all.count - 1).bytes, size);
			result = SHARE_RUN;
		}
	}
	if (result != SHARE_RUN)
		set_idle(thread);
	thread_unlock(&all.lock);
	return result;
}

/* Whether the end of one request may let another run: if nearly all threads are busy, any
   request; else a request that counts for the same limit. */
static bool can_unblock(struct kind ended, struct kind next, bool crowded)
{
	return crowded || shares_limit(ended, next) || (ended.place && next.place);
}

size_t share_end(int thread, const struct fuse_session *s, void *buffer, int *device)
{
	const struct kind ended = all.running[thread].kind;
	struct kept next = { .size = 0 };
	bool crowded;

	set_idle(thread);
	if (!__atomic_load_n(&all.count, __ATOMIC_SEQ_CST))
		return 0;
	thread_lock(&all.lock);
	crowded = busy_threads(thread) >= max_threads(s) - FOR_ROOT - 1;
	for (uint32_t i = 0; i < all.count && !next.size; i++)
		if (can_unblock(ended, all.kept[i].kind, crowded) && !exceeds_limit(s, thread, all.kept[i].kind))
			next = dequeue(i);
	if (next.size)
		set_running(thread, next.unique, next.kind);
	thread_unlock(&all.lock);
	if (!next.size)
		return 0;
	memcpy(buffer, next.bytes, next.size);
	sys_free_pages(next.bytes, next.size);
	*device = next.device;
	return next.size;
}

bool share_interrupt(uint64_t unique, int *device)
{
	struct kept found = { .size = 0 };

	thread_lock(&all.lock);
	for (uint32_t i = 0; i < all.count && !found.size; i++)
		if (all.kept[i].unique == unique)
			found = dequeue(i);
	thread_unlock(&all.lock);
	if (!found.size)
		return false;
	sys_free_pages(found.bytes, found.size);
	*device = found.device;
	return true;
}
