/* SPDX-License-Identifier: MIT */
/* passfs: more files than there are descriptors. Prunes the kernel's inodes to get descriptors
 * back, limits those of each user, and keeps file handles of forgotten files (--export).
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

enum { PRUNE_BATCH = 512, PRUNE_MIN = 64, PRUNE_SINCE = 45 };

/* Asks the kernel to evict unused inodes (FUSE_NOTIFY_PRUNE): a quarter of the limit, and PRUNE_MIN
   more since most inodes of a small table are in use. The kernel sends FORGET for each that it
   evicts. Runs in a thread of its own, since the notification may wait for other requests. */
static void *prune(void *data)
{
	static uint64_t hand = FUSE_ROOT_ID;	/* the last node of the last run */
	struct fuse_session *session = data;
	struct passfs *fs = fuse_session_fs(session);
	struct { struct fuse_notify_prune_out head; uint64_t node[PRUNE_BATCH]; } what;
	uint64_t most = inodes_most(&fs->inodes), left = fs->limit / 4 + PRUNE_MIN;
	int err = 0;

	for (uint64_t looked = 0; !err && left && looked <= most; ) {
		what.head = (struct fuse_notify_prune_out) { .count = 0 };
		thread_lock(&fs->inodes.lock);	/* FORGETs change the table */
		for (; what.head.count < PRUNE_BATCH && looked <= most; looked++) {
			hand = hand < most ? hand + 1 : FUSE_ROOT_ID + 1;
			if (inodes_get(&fs->inodes, hand))
				what.node[what.head.count++] = hand;
		}
		thread_unlock(&fs->inodes.lock);
		left -= what.head.count < left ? what.head.count : left;
		err = fuse_notify(session, FUSE_NOTIFY_PRUNE, &what,
				  sizeof(what.head) + what.head.count * sizeof(*what.node));
	}
	__atomic_store_n(&fs->is_pruning, false, __ATOMIC_RELEASE);
	return NULL;
}

static void start_pruning(struct fuse_session *session)
{
	static bool has_warned;
	struct passfs *fs = fuse_session_fs(session);

	if (fuse_session_minor(session) < PRUNE_SINCE) {
		if (!__atomic_exchange_n(&has_warned, true, __ATOMIC_RELAXED))
			msg("%u files are known, nearly as many as there are descriptors: more are refused (EMFILE); "
			    "raise ulimit -n", fs->inodes.held);
		return;
	}
	if (!__atomic_exchange_n(&fs->is_pruning, true, __ATOMIC_ACQUIRE) && thread_start(prune, session) < 0)
		__atomic_store_n(&fs->is_pruning, false, __ATOMIC_RELEASE);
}

static uint32_t get_held(const struct passfs *fs)
{
	return __atomic_load_n(&fs->inodes.held, __ATOMIC_RELAXED);
}

bool pass_is_short(const struct passfs *fs)
{
	return get_held(fs) > fs->limit;
}

/* A single-threaded server reads the FORGETs itself, so it only waits until they are queued: the
   kernel then delivers two of them for each other request. */
bool pass_wait_for_room(struct fuse_session *session)
{
	enum { FORGETS_MS = 20, MOST_MS = 200 };
	const struct passfs *fs = fuse_session_fs(session);
	uint32_t before = get_held(fs);

	start_pruning(session);
	if (fuse_session_minor(session) < PRUNE_SINCE)
		return false;
	for (int ms = 0, idle = 0; ms < MOST_MS && idle < FORGETS_MS && get_held(fs) >= before; ms++) {
		if (!__atomic_load_n(&fs->is_pruning, __ATOMIC_ACQUIRE))
			idle += fs->single_threaded ? FORGETS_MS : 1;
		sys_sleep_ms(1);
	}
	return get_held(fs) < before;
}

/* Near the limit a user other than root may hold as many files as are free, and so leaves as many to
   other users: an O_PATH descriptor, a working directory or a watch keeps a file in the kernel without any
   OPEN that would count in the user's holds. */
static bool exceeds_files(const struct passfs *fs, uint32_t uid)
{
	return uid && pass_is_short(fs) && inodes_held_for(&fs->inodes, uid) + get_held(fs) > fs->limit + fs->limit / 6;
}

static bool has_share_left(const struct fuse_req *req)
{
	const struct passfs *fs = pass_of(req);

	return !fs->inodes.of_uid || !exceeds_files(fs, req->in->uid)
	       || pass_wait_for_room(req->session) || !exceeds_files(fs, req->in->uid);
}

bool pass_makes_file(const struct fuse_req *req)
{
	switch (req->in->opcode) {
	case FUSE_CREATE: case FUSE_TMPFILE: case FUSE_MKNOD: case FUSE_MKDIR: case FUSE_SYMLINK:
		return true;
	default:
		return false;
	}
}

bool pass_may_keep(const struct fuse_req *req, const struct inode *inode)
{
	return !inode || __atomic_load_n(&inode->lookups, __ATOMIC_RELAXED) > 1 || pass_makes_file(req) || has_share_left(req);
}

void pass_keep_room(struct fuse_session *session)
{
	const struct passfs *fs = fuse_session_fs(session);

	if (get_held(fs) > fs->limit + fs->limit / 6)
		pass_wait_for_room(session);
	else if (pass_is_short(fs))
		start_pruning(session);
}

/* ---- What each user holds ---- */

/* Indexed by the low 16 bits of the uid: users with equal bits share a count. */
enum { HOLDERS = 1 << 16 };

static struct { uint32_t *of, all, limit; } holds;

int pass_prepare_holds(struct passfs *fs)
{
	/* Without allow_other a single user has the mount, and starves no other. */
	if (!fs->serve.mount.allow_other)
		return 0;
	holds.limit = fs->limit / 3;	/* inodes have three quarters of the descriptors; this is the fourth */
	if (!holds.of)
		holds.of = sys_pages(HOLDERS * sizeof(*holds.of));
	return holds.of ? inodes_count_users(&fs->inodes) : -ENOMEM;
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

void pass_hold_anyway(uint32_t uid)
{
	if (!holds.of)
		return;
	__atomic_add_fetch(holds.of + uid % HOLDERS, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&holds.all, 1, __ATOMIC_RELAXED);
}

void pass_release_hold(uint32_t uid)
{
	if (!holds.of)
		return;
	__atomic_sub_fetch(holds.of + uid % HOLDERS, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&holds.all, 1, __ATOMIC_RELAXED);
}

/* Half of the descriptors are free, and they are more than the threads need at once to make names. Without
   allow_other, open files are not counted. */
static bool has_many_left(const struct passfs *fs)
{
	enum { MANY = 512 };

	return holds.of && fs->limit >= MANY && get_held(fs) + __atomic_load_n(&holds.all, __ATOMIC_RELAXED) < fs->limit / 2;
}

int pass_reserve(const struct fuse_req *req, int dir, int *spare)
{
	*spare = -1;
	if (has_many_left(pass_of(req)))
		return 0;
	if (pass_makes_file(req) && !has_share_left(req))
		return -EMFILE;
	do
		*spare = vfs_dup(dir);
	while (*spare == -EMFILE && pass_wait_for_room(req->session));
	return *spare < 0 ? *spare : 0;
}

/* ---- File handles ---- */

/* Indexed by node; pages that no node has touched take no memory. */
enum { FIRST_SWEEP = 1024, MOST_HANDLES = sizeof(void *) > 4 ? 1 << 24 : 1 << 20 };

/* The file handle of the node's file, and the number of files that the node has stood for. A size
   of 0: the file cannot be opened by handle. */
struct passhandle { struct vfs_handle handle; uint32_t generation; };
struct passhandles { int mount, lock; uint32_t next_sweep; bool sweeping; struct passhandle of[]; };

/* A file without links is not looked up again, so its node number is free. */
static bool is_unlinked(int fd)
{
	struct vfs_stat st;

	return vfs_stat(fd, false, &st) == 0 && !st.attr.nlink;
}

int pass_export(struct passfs *fs)
{
	struct vfs_handle handle;
	int err = vfs_handle_of(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, &handle);

	if (err)
		return err;
	fs->handles = sys_pages(sizeof(*fs->handles) + (size_t)MOST_HANDLES * sizeof(*fs->handles->of));
	if (!fs->handles)
		return -ENOMEM;
	fs->handles->mount = vfs_reopen(inodes_get(&fs->inodes, FUSE_ROOT_ID)->fd, O_RDONLY | O_DIRECTORY);
	fs->handles->next_sweep = FIRST_SWEEP;
	fs->inodes.is_gone = is_unlinked;
	fs->inodes.keep_numbers = true;
	return fs->handles->mount < 0 ? fs->handles->mount : 0;
}

/* A node that is asleep pins nothing: its inode number may be another file's by now, which handles
   of the old file must not open. A node that is awake still is the same file. Without a handle
   (NULL) the files cannot be compared: take them for different ones. Another generation also makes
   the kernel drop its inode of a file that has lost dirty pages (writeback.c). */
static uint32_t get_generation(const struct passfs *fs, uint64_t node, int fd, const struct vfs_handle *now)
{
	struct inode *inode = inodes_get(&fs->inodes, node);
	struct passhandle *kept = fs->handles->of + node;

	if (!inode || node >= MOST_HANDLES)
		return 0;
	if (inode->fd == fd && (!now || memcmp(&kept->handle, now, sizeof(*now)) != 0)) {
		kept->handle = now ? *now : (struct vfs_handle) { .size = 0 };
		kept->generation++;
	} else if (fs->writeback && inode->has_lost && !inode->opens) {
		inode->has_lost = false;
		kept->generation++;
	}
	return kept->generation;
}

static struct vfs_handle get_handle(struct passfs *fs, uint64_t node)
{
	struct vfs_handle handle = { .size = 0 };

	thread_lock(&fs->handles->lock);
	if (node < MOST_HANDLES)
		handle = fs->handles->of[node].handle;
	thread_unlock(&fs->handles->lock);
	return handle;
}

/* Drops the number of a node, unless the node has become another file since its handle was read. */
static void drop_stale(struct passfs *fs, uint64_t node, const struct vfs_handle *gone)
{
	thread_lock(&fs->handles->lock);
	if (node >= MOST_HANDLES || memcmp(&fs->handles->of[node].handle, gone, sizeof(*gone)) == 0)
		inodes_drop(&fs->inodes, node);
	thread_unlock(&fs->handles->lock);
}

/* Drops the numbers of files that were removed in SOURCE after the kernel had forgotten them. */
static void drop_unlinked(struct passfs *fs)
{
	uint64_t most = inodes_most(&fs->inodes);

	for (uint64_t node = FUSE_ROOT_ID + 1; node <= most; node++) {
		struct vfs_handle handle = get_handle(fs, node);
		int fd = inodes_is_asleep(&fs->inodes, node)
			 ? handle.size ? vfs_open_handle(fs->handles->mount, &handle) : -ESTALE : -EAGAIN;

		if (fd == -ESTALE)
			drop_stale(fs, node, &handle);
		if (fd >= 0)
			sys_close(fd);
	}
}

/* Runs drop_unlinked() once there are twice as many nodes as the last run left. */
static void sweep_if_due(struct passfs *fs)
{
	struct passhandles *h = fs->handles;
	uint32_t live = __atomic_load_n(&fs->inodes.live, __ATOMIC_RELAXED);

	if (live < __atomic_load_n(&h->next_sweep, __ATOMIC_RELAXED) || __atomic_exchange_n(&h->sweeping, true, __ATOMIC_ACQUIRE))
		return;
	drop_unlinked(fs);
	live = __atomic_load_n(&fs->inodes.live, __ATOMIC_RELAXED);
	__atomic_store_n(&h->next_sweep, live > FIRST_SWEEP / 2 ? 2 * live : FIRST_SWEEP, __ATOMIC_RELAXED);
	__atomic_store_n(&h->sweeping, false, __ATOMIC_RELEASE);
}

/* The lock keeps other threads from looking the node up before its new generation is set. close(2)
   of fd under the lock does not block, since the node holds the same file. */
uint64_t pass_take(struct fuse_req *req, int fd, const struct vfs_stat *st)
{
	struct passfs *fs = pass_of(req);
	struct vfs_handle now;
	struct inode_also also = journal_taking(req);	/* without --keep, which excludes --export: INODE_ALONE */
	bool has_one;
	uint64_t node;

	also.uid = req->in->uid;
	if (!fs->export)
		return inodes_take(&fs->inodes, fd, st->device, st->attr.ino, also);
	sweep_if_due(fs);
	memset(&now, 0, sizeof(now));	/* get_generation() also compares the bytes behind a short handle */
	has_one = vfs_handle_of(fd, &now) == 0;
	if (st->device != fs->device)	/* mounted in SOURCE: the handle is not of fs->handles->mount */
		now.size = 0;
	thread_lock(&fs->handles->lock);
	node = inodes_take(&fs->inodes, fd, st->device, st->attr.ino, also);
	req->generation = get_generation(fs, node, fd, has_one ? &now : NULL);
	thread_unlock(&fs->handles->lock);
	return node;
}

int pass_open_again(struct passfs *fs, uint64_t node)
{
	struct vfs_handle handle = get_handle(fs, node);

	return handle.size ? vfs_open_handle(fs->handles->mount, &handle) : -ESTALE;
}
