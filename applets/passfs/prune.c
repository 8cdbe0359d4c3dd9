/* passfs: what is known beyond the descriptors that there are: room for more of them, and
 * file handles of those that were forgotten (--export).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "msg.h"
#include "passfs.h"
#include "sys.h"
#include "thread.h"

/* ---- Room ---- */

enum { AT_ONCE = 512, AT_LEAST = 64, PRUNES = 45 };

/* The kernel is asked to let go of what nobody uses, a quarter of all, and of a small table more,
   since most of that is in use; what it forgets then comes as FORGET. In a thread of its own: it
   may wait for other requests. */
static void *prune(void *data)
{
	static uint64_t hand = FUSE_ROOT_ID;	/* where the last round ended */
	struct fuse_session *session = data;
	struct passfs *fs = fuse_session_fs(session);
	struct { struct fuse_notify_prune_out head; uint64_t node[AT_ONCE]; } what;
	uint64_t most = inodes_most(&fs->inodes), left = fs->limit / 4 + AT_LEAST;
	int err = 0;

	for (uint64_t looked = 0; !err && left && looked <= most; ) {
		what.head = (struct fuse_notify_prune_out) { .count = 0 };
		thread_lock(&fs->inodes.lock);	/* the kernel may forget any of them */
		for (; what.head.count < AT_ONCE && looked <= most; looked++) {
			hand = hand < most ? hand + 1 : FUSE_ROOT_ID + 1;
			if (inodes_get(&fs->inodes, hand))
				what.node[what.head.count++] = hand;
		}
		thread_unlock(&fs->inodes.lock);
		left -= what.head.count < left ? what.head.count : left;
		err = fuse_notify(session, FUSE_NOTIFY_PRUNE, &what,
				  sizeof(what.head) + what.head.count * sizeof(*what.node));
	}
	__atomic_store_n(&fs->making_room, false, __ATOMIC_RELEASE);
	return NULL;
}

static void make_room(struct fuse_session *session)
{
	static bool said;
	struct passfs *fs = fuse_session_fs(session);

	if (fuse_session_minor(session) < PRUNES) {
		if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
			msg("%u files are known, nearly as many as there are descriptors: more are refused (EMFILE); "
			    "raise the limit (ulimit -n)", fs->inodes.held);
		return;
	}
	if (!__atomic_exchange_n(&fs->making_room, true, __ATOMIC_ACQUIRE) && thread_start(prune, session) < 0)
		__atomic_store_n(&fs->making_room, false, __ATOMIC_RELEASE);
}

static uint32_t held(const struct passfs *fs)
{
	return __atomic_load_n(&fs->inodes.held, __ATOMIC_RELAXED);
}

bool pass_is_short(const struct passfs *fs)
{
	return held(fs) > fs->limit;
}

/* A single thread has to read the FORGETs itself: it waits until they are queued, where the
   kernel hands out two of them for each other request. */
bool pass_wait_for_room(struct fuse_session *session)
{
	enum { FORGETS_MS = 20, MOST_MS = 200 };
	const struct passfs *fs = fuse_session_fs(session);
	uint32_t before = held(fs);

	make_room(session);
	if (fuse_session_minor(session) < PRUNES)
		return false;
	for (int ms = 0, idle = 0; ms < MOST_MS && idle < FORGETS_MS && held(fs) >= before; ms++) {
		if (!__atomic_load_n(&fs->making_room, __ATOMIC_ACQUIRE))
			idle += fs->alone ? FORGETS_MS : 1;
		sys_sleep_ms(1);
	}
	return held(fs) < before;
}

void pass_keep_room(struct fuse_session *session)
{
	const struct passfs *fs = fuse_session_fs(session);

	if (held(fs) > fs->limit + fs->limit / 6)
		pass_wait_for_room(session);
	else if (pass_is_short(fs))
		make_room(session);
}

/* ---- What each user holds ---- */

/* By the lower half of the uid, which two users of one machine hardly share. */
enum { HOLDERS = 1 << 16 };

static struct { uint32_t *of, all, limit; } holds;

int pass_prepare_holds(struct passfs *fs)
{
	/* A user alone with the mount starves nobody. */
	if (!fs->serve.mount.allow_other)
		return 0;
	holds.limit = fs->limit / 3;	/* of four parts, files known may have three */
	if (!holds.of)
		holds.of = sys_pages(HOLDERS * sizeof(*holds.of));
	return holds.of ? 0 : -ENOMEM;
}

int pass_hold(uint32_t uid)
{
	uint32_t own, all;

	if (!holds.of)
		return 0;
	own = __atomic_add_fetch(holds.of + uid % HOLDERS, 1, __ATOMIC_RELAXED);
	all = __atomic_add_fetch(&holds.all, 1, __ATOMIC_RELAXED);
	if (!uid || own + all <= holds.limit)
		return 0;
	pass_release_hold(uid);
	return -EMFILE;
}

void pass_release_hold(uint32_t uid)
{
	if (!holds.of)
		return;
	__atomic_sub_fetch(holds.of + uid % HOLDERS, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&holds.all, 1, __ATOMIC_RELAXED);
}

/* ---- File handles ---- */

/* By node: memory that is only used as far as nodes have been. */
enum { FIRST_SWEEP = 1024, MOST_HANDLES = sizeof(void *) > 4 ? 1 << 24 : 1 << 20 };

/* What file a node has been since it last woke, and how many it had been by then. A size of
   0: it cannot be opened by that. */
struct passhandle { struct sysfs_handle handle; uint32_t generation; };
struct passhandles { int mount, lock; uint32_t next_sweep; bool sweeping; struct passhandle of[]; };

/* Without a name a file does not come back, so that its number is free. */
static bool is_unlinked(int fd)
{
	struct sysfs_stat st;

	return sysfs_stat(fd, false, &st) == 0 && !st.attr.nlink;
}

int pass_export(struct passfs *fs)
{
	struct sysfs_handle handle;
	int err = sysfs_handle_of(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, &handle);

	if (err)
		return err;
	fs->handles = sys_pages(sizeof(*fs->handles) + (size_t)MOST_HANDLES * sizeof(*fs->handles->of));
	if (!fs->handles)
		return -ENOMEM;
	fs->handles->mount = sysfs_reopen(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, O_RDONLY | O_DIRECTORY);
	fs->handles->next_sweep = FIRST_SWEEP;
	fs->inodes.is_gone = is_unlinked;
	fs->inodes.keep_numbers = true;
	return fs->handles->mount < 0 ? fs->handles->mount : 0;
}

/* Asleep a node held nothing: its inode number may be another file's by now, which the
   handles of the last one shall not open. Awake, it stays the file that it is. Without a
   handle nobody can tell. */
static uint32_t generation_of(const struct passfs *fs, uint64_t node, int fd, const struct sysfs_handle *now)
{
	const struct inode *inode = inodes_get(&fs->inodes, node);
	struct passhandle *kept = fs->handles->of + node;

	if (!inode || node >= MOST_HANDLES)
		return 0;
	if (inode->fd == fd && (!now || memcmp(&kept->handle, now, sizeof(*now)) != 0)) {
		kept->handle = now ? *now : (struct sysfs_handle) { .size = 0 };
		kept->generation++;
	}
	return kept->generation;
}

static struct sysfs_handle handle_of(struct passfs *fs, uint64_t node)
{
	struct sysfs_handle handle = { .size = 0 };

	thread_lock(&fs->handles->lock);
	if (node < MOST_HANDLES)
		handle = fs->handles->of[node].handle;
	thread_unlock(&fs->handles->lock);
	return handle;
}

/* Unless it has been another file meanwhile. */
static void drop(struct passfs *fs, uint64_t node, const struct sysfs_handle *gone)
{
	thread_lock(&fs->handles->lock);
	if (node >= MOST_HANDLES || memcmp(&fs->handles->of[node].handle, gone, sizeof(*gone)) == 0)
		inodes_drop(&fs->inodes, node);
	thread_unlock(&fs->handles->lock);
}

/* Frees the numbers of files that were removed in SOURCE after the kernel had forgotten them. */
static void sweep(struct passfs *fs)
{
	uint64_t most = inodes_most(&fs->inodes);

	for (uint64_t node = FUSE_ROOT_ID + 1; node <= most; node++) {
		struct sysfs_handle handle = handle_of(fs, node);
		int fd = inodes_is_asleep(&fs->inodes, node)
			 ? handle.size ? sysfs_open_handle(fs->handles->mount, &handle) : -ESTALE : -EAGAIN;

		if (fd == -ESTALE)
			drop(fs, node, &handle);
		if (fd >= 0)
			sys_close(fd);
	}
}

/* Whenever there are twice as many as the last time left. */
static void sweep_in_time(struct passfs *fs)
{
	struct passhandles *h = fs->handles;
	uint32_t live = __atomic_load_n(&fs->inodes.live, __ATOMIC_RELAXED);

	if (live < __atomic_load_n(&h->next_sweep, __ATOMIC_RELAXED) || __atomic_exchange_n(&h->sweeping, true, __ATOMIC_ACQUIRE))
		return;
	sweep(fs);
	live = __atomic_load_n(&fs->inodes.live, __ATOMIC_RELAXED);
	__atomic_store_n(&h->next_sweep, live > FIRST_SWEEP / 2 ? 2 * live : FIRST_SWEEP, __ATOMIC_RELAXED);
	__atomic_store_n(&h->sweeping, false, __ATOMIC_RELEASE);
}

/* Between a node's waking and its new generation nobody else may look it up. What is closed
   meanwhile, the node holds as well: that waits for nothing. */
uint64_t pass_take(struct fuse_req *req, int fd, const struct sysfs_stat *st)
{
	struct passfs *fs = pass_of(req);
	struct sysfs_handle now = { .size = 0 };
	bool has_one;
	uint64_t node;

	if (!fs->export)
		return inodes_take(&fs->inodes, fd, st->device, st->attr.ino);
	sweep_in_time(fs);
	has_one = sysfs_handle_of(fd, &now) == 0;
	if (st->device != fs->device)	/* mounted in SOURCE: it would not be found again */
		now.size = 0;
	thread_lock(&fs->handles->lock);
	node = inodes_take(&fs->inodes, fd, st->device, st->attr.ino);
	req->generation = generation_of(fs, node, fd, has_one ? &now : NULL);
	thread_unlock(&fs->handles->lock);
	return node;
}

int pass_open_again(struct passfs *fs, uint64_t node)
{
	struct sysfs_handle handle = handle_of(fs, node);

	return handle.size ? sysfs_open_handle(fs->handles->mount, &handle) : -ESTALE;
}
