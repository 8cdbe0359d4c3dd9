/* SPDX-License-Identifier: MIT */
/* writeback: with --writeback the kernel keeps the size and mtime of each file in its inode, and
 * never takes SOURCE's.
 *
 * The server tracks both, from the first lookup's reply and from the kernel's requests. Once
 * SOURCE's differ, because a process changed the file there or because a WRITE of dirty pages
 * failed, the next lookup gives the file a new node: the kernel then has a new inode, with
 * SOURCE's attributes and an empty page cache. An inode with open files stays, with its locks and
 * dirty pages. With --export, file handles lead to the node, so it stays, and gets another
 * generation only if a WRITE failed: handles of before are then stale. See passfs.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>

#include "passfs.h"
#include "thread.h"

static bool is_kept_by_kernel(const struct passfs *fs, const struct vfs_stat *st)
{
	return fs->writeback && !fs->export && S_ISREG(st->attr.mode);
}

static uint64_t pack_mtime(const struct vfs_stat *st)
{
	return st->attr.mtime << 30 | st->attr.mtimensec;
}

static bool has_changed(const struct inode *inode, const struct vfs_stat *st)
{
	return inode->has_lost || __atomic_load_n(&inode->size, __ATOMIC_RELAXED) != st->attr.size
	       || __atomic_load_n(&inode->mtime, __ATOMIC_RELAXED) != pack_mtime(st);
}

static void note_first_attrs(struct inode *inode, const struct vfs_stat *st)
{
	__atomic_store_n(&inode->size, st->attr.size, __ATOMIC_RELAXED);
	__atomic_store_n(&inode->mtime, pack_mtime(st), __ATOMIC_RELAXED);
	inode->has_kept = true;
}

/* The files that have lost dirty pages. The kernel tells an error of its inode to whoever calls fsync(2)
   next, but the inode is replaced; the process that closed the file may not have looked at the error
   of close(2). The ring forgets the oldest. */
enum { LOST_FILES = 64 };
static struct { struct { uint64_t device, ino; } file[LOST_FILES]; uint32_t next; int lock; } lost;

static bool take_lost(const struct inode *inode)
{
	bool found = false;

	if (!__atomic_load_n(&lost.next, __ATOMIC_ACQUIRE))
		return false;
	thread_lock(&lost.lock);
	for (unsigned int i = 0; i < LOST_FILES; i++) {
		if (lost.file[i].ino != inode->ino || lost.file[i].device != inode->device)
			continue;
		lost.file[i].ino = 0;
		found = true;
	}
	thread_unlock(&lost.lock);
	return found;
}

static void add_lost(const struct inode *inode)
{
	take_lost(inode);
	thread_lock(&lost.lock);
	lost.file[lost.next % LOST_FILES].device = inode->device;
	lost.file[lost.next % LOST_FILES].ino = inode->ino;
	__atomic_store_n(&lost.next, lost.next + 1, __ATOMIC_RELEASE);
	thread_unlock(&lost.lock);
}

uint64_t pass_take_current(struct fuse_req *req, int fd, const struct vfs_stat *st)
{
	struct passfs *fs = pass_of(req);
	uint64_t node = pass_take(req, fd, st);
	struct inode *inode = inodes_get(&fs->inodes, node);
	int again;

	if (!inode || !is_kept_by_kernel(fs, st))
		return node;
	if (inode->has_kept && has_changed(inode, st) && inodes_retire(&fs->inodes, node)) {
		again = vfs_dup(inode->fd);
		pass_forget(req, node, 1);
		node = again < 0 ? 0 : pass_take(req, again, st);
		inode = inodes_get(&fs->inodes, node);
	}
	if (inode && !inode->has_kept)
		note_first_attrs(inode, st);
	return node;
}

void pass_note_end(const struct fuse_req *req, uint64_t node, uint64_t end)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	uint64_t size;

	if (!inode || !pass_of(req)->writeback)
		return;
	size = __atomic_load_n(&inode->size, __ATOMIC_RELAXED);
	while (size < end && !__atomic_compare_exchange_n(&inode->size, &size, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void pass_note_size(const struct fuse_req *req, uint64_t node, uint64_t size)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	if (!inode)
		return;
	__atomic_store_n(&inode->size, size, __ATOMIC_RELAXED);
	if (!size)
		take_lost(inode);
}

void pass_note_mtime(const struct fuse_req *req, uint64_t node)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);
	struct vfs_stat st;

	if (inode && pass_of(req)->writeback && vfs_stat(inode->fd, true, &st) == 0)
		__atomic_store_n(&inode->mtime, pack_mtime(&st), __ATOMIC_RELAXED);
}

void pass_note_loss(const struct fuse_req *req, uint64_t node)
{
	struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	if (!inode)
		return;
	inode->has_lost = true;
	if (pass_of(req)->writeback)
		add_lost(inode);
}

int pass_report_loss(const struct fuse_req *req, uint64_t node)
{
	const struct inode *inode = inodes_get(&pass_of(req)->inodes, node);

	return inode && !inode->has_lost && take_lost(inode) ? -EIO : 0;
}

static bool is_outdated(const struct passfs *fs, const struct inode *inode)
{
	struct vfs_stat st;

	if (inode->opens > 1)
		return false;
	if (inode->has_lost || !inode->has_kept || fs->cache == CACHE_ALWAYS)
		return inode->has_lost;
	return vfs_stat(inode->fd, true, &st) == 0 && has_changed(inode, &st);
}

int pass_open_current(const struct fuse_req *req, uint64_t node)
{
	struct passfs *fs = pass_of(req);
	const struct inode *inode = inodes_get(&fs->inodes, node);
	uint32_t owner;

	if (!fs->writeback || !inode)
		return inode ? 0 : -ESTALE;
	if (inodes_open(&fs->inodes, node) && !is_outdated(fs, inode))
		return 0;
	if (pass_asks_again(req, node, "", &owner))
		return 0;
	inodes_close(&fs->inodes, node);
	return -ESTALE;
}

void pass_close_current(const struct fuse_req *req, uint64_t node)
{
	if (pass_of(req)->writeback)
		inodes_close(&pass_of(req)->inodes, node);
}
