/* share: see share.h. */
#include "fuse/share.h"

#include <errno.h>
#include <string.h>

#include "sys.h"
#include "thread.h"

/* Copies in all; of one kind, and their bytes. */
enum { MOST_KEPT = 16 * 1024, KEPT_EACH = 4096, KEPT_BYTES = 64 << 20, FIRST_ROOM = 64 };

enum { FOR_ROOT = 8 };	/* threads that serve nobody else */

/* A request, and what counts for its share. place: the file system that it goes to, 0 for the
   session's own. */
struct kind { uint64_t place; uint32_t uid; };
struct running { uint64_t unique; struct kind kind; };	/* unique 0: the thread is idle */
struct kept { uint64_t unique; struct kind kind; uint32_t size; int device; void *bytes; };

static struct {
	int lock;		/* for all but `running`, whose threads set their own */
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

/* Another thread that counts sees the kind of whatever it sees running. */
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

/* Root's requests are held up by no user's, but by a file system that does not answer; a user's
   on the session's own file system by none that goes to another one. */
static bool is_same(struct kind a, struct kind b)
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

static uint32_t most(const struct fuse_session *s)
{
	return s->most ? s->most : SHARE_THREADS;
}

/* Whether a request of this kind would have more threads than its share. */
static bool is_over(const struct fuse_session *s, int thread, struct kind kind)
{
	uint32_t same = 0, others = 0;
	struct kind other;

	for (int i = 0; i < SHARE_THREADS; i++) {
		if (i == thread || !is_running(i, &other))
			continue;
		others += other.place != 0;
		same += is_same(kind, other);
	}
	return same >= SHARE_EACH || (kind.place && others >= most(s) / 2)
	       || (kind.uid && busy_threads(thread) >= most(s) - FOR_ROOT);
}

static bool has_room(struct kind kind, size_t size)
{
	uint32_t same = 0;
	size_t bytes = size;

	for (uint32_t i = 0; i < all.count; i++) {
		if (is_same(kind, all.kept[i].kind)) {
			same++;
			bytes += all.kept[i].size;
		}
	}
	return same < KEPT_EACH && bytes <= KEPT_BYTES && all.count < MOST_KEPT;
}

static bool keep(struct kept what, const void *bytes)
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
	/* A thread that ends its request after this sees that there is a copy. */
	__atomic_store_n(&all.count, all.count + 1, __ATOMIC_SEQ_CST);
	return true;
}

static struct kept take(uint32_t which)
{
	struct kept taken = all.kept[which];

	__atomic_store_n(&all.count, all.count - 1, __ATOMIC_RELAXED);
	memmove(all.kept + which, all.kept + which + 1, (all.count - which) * sizeof(taken));
	return taken;
}

/* What neither waits in SOURCE nor has a caller. */
static bool has_share(uint32_t opcode)
{
	return opcode != FUSE_FORGET && opcode != FUSE_BATCH_FORGET && opcode != FUSE_INTERRUPT
	       && opcode != FUSE_DESTROY && opcode != FUSE_NOTIFY_REPLY;
}

/* The kernel sends a RELEASE once and drops the answer: refused, its file would stay open and
   counted for good. There are no more of them than open files. */
static bool can_be_refused(uint32_t opcode)
{
	return opcode != FUSE_RELEASE && opcode != FUSE_RELEASEDIR;
}

/* A copy waits for either file's server. */
static uint64_t place_of(const struct fuse_session *s, const struct fuse_in_header *in, size_t size)
{
	const struct fuse_copy_file_range_in *copy = (const void *)(in + 1);
	bool copies = in->opcode == FUSE_COPY_FILE_RANGE || in->opcode == FUSE_COPY_FILE_RANGE_64;
	uint64_t place = s->ops->place ? s->ops->place(s->fs, in->nodeid) : 0;

	if (place || !s->ops->place || !copies || size < sizeof(*in) + sizeof(*copy))
		return place;
	return s->ops->place(s->fs, copy->nodeid_out);
}

/* Copies the request, to run it later. Without memory a request that must not be refused runs now. */
static enum share put_off(struct kept what, const struct fuse_in_header *in)
{
	if (can_be_refused(in->opcode) && !has_room(what.kind, what.size))
		return SHARE_REFUSE;
	return keep(what, in) ? SHARE_KEPT : can_be_refused(in->opcode) ? SHARE_REFUSE : SHARE_RUN;
}

static void discard(int thread)
{
	__atomic_store_n(&all.running[thread].unique, 0, __ATOMIC_SEQ_CST);
}

enum share share_begin(int thread, const struct fuse_session *s, int device, const void *bytes, size_t size,
		       bool stalled)
{
	const struct fuse_in_header *in = bytes;
	enum share result = SHARE_RUN;
	struct kind kind;

	if (size < sizeof(*in) || !has_share(in->opcode))
		return SHARE_RUN;
	kind = (struct kind) { place_of(s, in, size), in->uid };
	set_running(thread, in->unique, kind);
	if (!stalled)
		return SHARE_RUN;
	thread_lock(&all.lock);
	if (is_over(s, thread, kind)) {
		const struct kept what = { in->unique, kind, (uint32_t)size, device, NULL };

		result = put_off(what, in);
		/* The last request of this kind may have ended before it could see the copy. */
		if (result == SHARE_KEPT && !is_over(s, thread, kind)) {
			sys_free_pages(take(all.count - 1).bytes, size);
			result = SHARE_RUN;
		}
	}
	if (result != SHARE_RUN)
		discard(thread);
	thread_unlock(&all.lock);
	return result;
}

/* Whether the end of a request may have made room for another one: unless nearly all threads
   are busy, only one that counted for the same share does. */
static bool may_follow(struct kind ended, struct kind next, bool crowded)
{
	return crowded || is_same(ended, next) || (ended.place && next.place);
}

size_t share_end(int thread, const struct fuse_session *s, void *buffer, int *device)
{
	const struct kind ended = all.running[thread].kind;
	struct kept next = { .size = 0 };
	bool crowded;

	discard(thread);
	if (!__atomic_load_n(&all.count, __ATOMIC_SEQ_CST))
		return 0;
	thread_lock(&all.lock);
	crowded = busy_threads(thread) >= most(s) - FOR_ROOT - 1;
	for (uint32_t i = 0; i < all.count && !next.size; i++)
		if (may_follow(ended, all.kept[i].kind, crowded) && !is_over(s, thread, all.kept[i].kind))
			next = take(i);
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
			found = take(i);
	thread_unlock(&all.lock);
	if (!found.size)
		return false;
	sys_free_pages(found.bytes, found.size);
	*device = found.device;
	return true;
}
