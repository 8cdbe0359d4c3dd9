/* SPDX-License-Identifier: MIT */
/* retry: callers that got ESTALE, so that the kernel looks a name up again. See passfs.h. */
#include <string.h>

#include "passfs.h"
#include "thread.h"

static struct pass_retries own, *retries = &own;
static int lock;

void pass_use_retries(struct pass_retries *kept)
{
	retries = kept;
	kept->used = 0;
	for (int i = 0; i < PASS_RETRIES; i++)
		kept->used += kept->of[i].opcode != 0;
}

static bool is_name_of(const struct pass_retry *r, uint64_t parent, const char *name)
{
	return r->opcode && r->parent == parent && strcmp(r->name, name) == 0;
}

static bool is_retry_of(const struct pass_retry *r, const struct fuse_req *req, uint64_t parent, const char *name)
{
	return r->opcode == req->in->opcode && r->pid == req->in->pid && r->uid == req->in->uid
	       && is_name_of(r, parent, name);
}

static void end_retry(struct pass_retry *r)
{
	r->opcode = 0;
	__atomic_sub_fetch(&retries->used, 1, __ATOMIC_RELAXED);
}

static struct pass_access get_access(const struct fuse_req *req, uint64_t node)
{
	struct vfs_stat st;

	if (vfs_stat(pass_fd(req, node), true, &st) < 0)
		return (struct pass_access) { PASS_NOBODY, 0, 0 };
	return (struct pass_access) { st.owner, st.attr.gid, st.attr.mode };
}

static bool is_same(const struct pass_access *a, const struct pass_access *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->mode == b->mode;
}

/* An entry that is free, or else the next one in turn. */
static struct pass_retry *find_room(void)
{
	struct pass_retry *r;
	int tries = PASS_RETRIES;

	do
		r = retries->of + retries->next++ % PASS_RETRIES;
	while (r->opcode && tries--);
	return r;
}

static void begin_retry(const struct fuse_req *req, uint64_t parent, const char *name, struct pass_access access)
{
	struct pass_retry *r = find_room();
	size_t length = strlen(name);

	if (length >= PASS_NAME_ROOM)
		return;
	if (r->opcode)
		end_retry(r);
	*r = (struct pass_retry) { .parent = parent, .pid = req->in->pid, .uid = req->in->uid,
				   .owner = PASS_NOBODY, .access = access };
	memcpy(r->name, name, length + 1);
	/* The opcode comes last, since it makes the entry valid: with --keep another process may read it. */
	__atomic_store_n(&r->opcode, req->in->opcode, __ATOMIC_RELEASE);
	__atomic_add_fetch(&retries->used, 1, __ATOMIC_RELAXED);
}

bool pass_asks_again(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t *owner)
{
	const struct pass_access now = get_access(req, parent);
	bool again = false;

	thread_lock(&lock);
	for (int i = 0; i < PASS_RETRIES && !again; i++) {
		if (!is_retry_of(retries->of + i, req, parent, name))
			continue;
		again = is_same(&retries->of[i].access, &now);
		*owner = retries->of[i].owner;
		end_retry(retries->of + i);
	}
	if (!again)
		begin_retry(req, parent, name, now);
	thread_unlock(&lock);
	return again;
}

void pass_name_told(const struct fuse_req *req, uint64_t parent, const char *name, uint32_t owner)
{
	if (!__atomic_load_n(&retries->used, __ATOMIC_RELAXED))
		return;
	thread_lock(&lock);
	for (struct pass_retry *r = retries->of; r < retries->of + PASS_RETRIES; r++) {
		if (!is_name_of(r, parent, name))
			continue;
		/* The name exists: the kernel sends OPEN instead of another CREATE. */
		if (r->opcode == FUSE_CREATE ? owner != PASS_NOBODY && r->pid == req->in->pid
					     : r->owner != PASS_NOBODY && r->owner != owner)
			end_retry(r);
		r->owner = owner;
	}
	thread_unlock(&lock);
}

void pass_access_told(uint64_t node, uint32_t uid, uint32_t gid, uint32_t mode)
{
	const struct pass_access told = { uid, gid, mode };

	if (!__atomic_load_n(&retries->used, __ATOMIC_RELAXED))
		return;
	thread_lock(&lock);
	for (struct pass_retry *r = retries->of; r < retries->of + PASS_RETRIES; r++)
		if (r->opcode && r->parent == node && !is_same(&r->access, &told))
			end_retry(r);
	thread_unlock(&lock);
}
