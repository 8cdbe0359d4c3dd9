/* SPDX-License-Identifier: MIT */
/* retry: callers that got ESTALE, so that the kernel looks a name up again. See passfs.h. */
#include <string.h>

#include "passfs.h"
#include "thread.h"

/* owner: the owner in SOURCE that replies have reported for the name, or PASS_NOBODY. access: the
   parent's owner, group and mode when the caller got ESTALE. A retry ends when a reply reports another
   owner or access: the kernel may by then check by either. */
enum { RETRIES = 16, NAME_ROOM = 256 };
struct access { uint32_t uid, gid, mode; };
struct retry { uint64_t parent; uint32_t pid, uid, opcode, owner; struct access access; char name[NAME_ROOM]; };

static struct { int lock; uint32_t used, next; struct retry of[RETRIES]; } retries;

static bool is_name_of(const struct retry *r, uint64_t parent, const char *name)
{
	return r->opcode && r->parent == parent && strcmp(r->name, name) == 0;
}

static bool is_retry_of(const struct retry *r, const struct fuse_req *req, uint64_t parent, const char *name)
{
	return r->opcode == req->in->opcode && r->pid == req->in->pid && r->uid == req->in->uid
	       && is_name_of(r, parent, name);
}

static void end_retry(struct retry *r)
{
	r->opcode = 0;
	__atomic_sub_fetch(&retries.used, 1, __ATOMIC_RELAXED);
}

static struct access get_access(const struct fuse_req *req, uint64_t node)
{
	struct vfs_stat st;

	if (vfs_stat(pass_fd(req, node), true, &st) < 0)
		return (struct access) { PASS_NOBODY, 0, 0 };
	return (struct access) { st.owner, st.attr.gid, st.attr.mode };
}

static bool is_same(const struct access *a, const struct access *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->mode == b->mode;
}

static void begin_retry(const struct fuse_req *req, uint64_t parent, const char *name, struct access access)
{
	struct retry *r = retries.of + retries.next++ % RETRIES;

	if (strlen(name) >= NAME_ROOM)
		return;
	if (r->opcode)
		end_retry(r);
	*r = (struct retry) { .parent = parent, .pid = req->in->pid, .uid = req->in->uid,
			      .opcode = req->in->opcode, .owner = PASS_NOBODY, .access = access };
	strcpy(r->name, name);
	__atomic_add_fetch(&retries.used, 1, __ATOMIC_RELAXED);
}

bool pass_asks_again(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t *owner)
{
	const struct access now = get_access(req, parent);
	bool again = false;

	thread_lock(&retries.lock);
	for (int i = 0; i < RETRIES && !again; i++) {
		if (!is_retry_of(retries.of + i, req, parent, name))
			continue;
		again = is_same(&retries.of[i].access, &now);
		*owner = retries.of[i].owner;
		end_retry(retries.of + i);
	}
	if (!again)
		begin_retry(req, parent, name, now);
	thread_unlock(&retries.lock);
	return again;
}

void pass_name_told(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t owner)
{
	if (!__atomic_load_n(&retries.used, __ATOMIC_RELAXED))
		return;
	thread_lock(&retries.lock);
	for (struct retry *r = retries.of; r < retries.of + RETRIES; r++) {
		if (!is_name_of(r, parent, name))
			continue;
		/* The name exists: the kernel sends OPEN instead of another CREATE. */
		if (r->opcode == FUSE_CREATE ? owner != PASS_NOBODY && r->pid == req->in->pid
					     : r->owner != PASS_NOBODY && r->owner != owner)
			end_retry(r);
		r->owner = owner;
	}
	thread_unlock(&retries.lock);
}

void pass_access_told(uint64_t node, uint32_t uid, uint32_t gid, uint32_t mode)
{
	const struct access told = { uid, gid, mode };

	if (!__atomic_load_n(&retries.used, __ATOMIC_RELAXED))
		return;
	thread_lock(&retries.lock);
	for (struct retry *r = retries.of; r < retries.of + RETRIES; r++)
		if (r->opcode && r->parent == node && !is_same(&r->access, &told))
			end_retry(r);
	thread_unlock(&retries.lock);
}
