/* SPDX-License-Identifier: MIT */
/* journal: what passfs keeps for the process that goes on when this one is killed (fmount --keep),
 * beside the nodes (inodes.h). Without --keep, the functions change nothing. Makes no system calls.
 */
#ifndef FUSEBOX_PASSFS_JOURNAL_H
#define FUSEBOX_PASSFS_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_fs.h"
#include "fuse_keep.h"
#include "inodes.h"

/* The handle of an open file: the uid in whose holds it counts, writer_mode() + 1, and its
   descriptor, or NOT_OPEN if the kernel reads and writes the file by a backing id. */
enum { NOT_OPEN = 0x3fffffff, FIRST_NOT_OPEN = 0x20000000 /* from here on no number is a descriptor's */ };
static inline uint64_t pass_handle(uint32_t uid, int mode, int fd)
{
	return (uint64_t)uid << 32 | (uint32_t)(mode + 1) << 30 | (uint32_t)fd;
}
static inline int pass_handle_fd(uint64_t handle)
{
	int fd = (int)(handle & NOT_OPEN);

	return fd < FIRST_NOT_OPEN ? fd : NOT_OPEN;
}
static inline int pass_handle_mode(uint64_t handle)
{
	return (int)(handle >> 30 & 3) - 1;
}

/* retry.c. owner: the owner in SOURCE that replies have reported for the name, or PASS_NOBODY. access:
   the parent's owner, group and mode when the caller got ESTALE. A retry ends when a reply reports
   another owner or access: the kernel may by then check by either. */
enum { PASS_RETRIES = 16, PASS_NAME_ROOM = 256 };
struct pass_access { uint32_t uid, gid, mode; };
struct pass_retry {
	uint64_t parent;
	uint32_t pid, uid, opcode, owner;
	struct pass_access access;
	char name[PASS_NAME_ROOM];
};
struct pass_retries { uint32_t used, next; struct pass_retry of[PASS_RETRIES]; };

/* The kind of a descriptor to which a handle of the kernel or a lock owner refers. LOST: a former process
   had it, and it is closed; its number stays in use, so that the kernel's handle reaches no other file. */
enum journal_kind { JOURNAL_FREE, JOURNAL_FILE, JOURNAL_DIR, JOURNAL_OWNER, JOURNAL_LOST };

/* kind comes last: the entry counts once it is set. */
struct journal_entry { uint64_t node, handle, id; uint32_t pid, uid; uint64_t kind; };

enum {
	JOURNAL_WIDE = sizeof(void *) > 4,
	JOURNAL_FDS = JOURNAL_WIDE ? 1 << 20 : 1 << 16, JOURNAL_BACKED = JOURNAL_WIDE ? 1 << 20 : 1 << 16,
	JOURNAL_NODES = JOURNAL_WIDE ? 1 << 24 : 1 << 19,
	JOURNAL_CLOSING = 64,	/* backing ids that are being closed, at most */
};

/* Sparse: pages that are never written take no memory. */
struct journal {
	uint64_t layout;
	uint64_t most_nodes, most_fds, most_backed;
	uint64_t last_backing;	/* the highest id noted */
	uint64_t closing[JOURNAL_CLOSING];
	struct pass_retries retries;
	struct journal_entry fd[JOURNAL_FDS];		/* by the descriptor's number */
	struct journal_entry backed[JOURNAL_BACKED];	/* open files without a descriptor */
	struct inode inode[JOURNAL_NODES];
};

/* Makes `memory` the journal from now on. */
void journal_use(struct journal *memory);
bool journal_is_on(void);

/* From now on, some entries may be JOURNAL_LOST. */
void journal_has_lost(void);

/* Stores a word after all earlier stores (release). */
void journal_set(uint64_t *word, uint64_t value);

/* The entry of a handle, or NULL. */
struct journal_entry *journal_entry(uint64_t handle);

/* Note an open file or directory, before the reply names its handle. Returns the handle: that of a
   file without a descriptor gets a number of its own. -ENFILE: no room. */
int journal_note(const struct fuse_req *req, uint64_t node, uint64_t *handle, enum journal_kind kind);

/* Forgets a handle at RELEASE. False: it was forgotten before, when this request was carried out by
   a process that was killed then. */
bool journal_release(const struct fuse_req *req, uint64_t handle);

/* -EIO if the handle's descriptor is lost, else 0. */
int journal_check(uint64_t handle);

/* Note and forget a lock owner's descriptor. */
void journal_note_owner(int fd, uint64_t node, uint64_t id, uint64_t handle, uint32_t pid, uint32_t uid);
void journal_note_owner_handle(int fd, uint64_t handle);
void journal_forget_owner(int fd);

/* The words of the request's slot that change together with the lookup count of a node in its reply: see
   struct inode_also. */
struct inode_also journal_taking(const struct fuse_req *req);
/* The words that change together with the lookup count when lookups of `node` are subtracted. */
struct inode_also journal_forgetting(const struct fuse_req *req, uint64_t node);

/* Note a backing id before it is used; that it is about to be closed; and that it is closed. */
void journal_note_backing(int32_t id);
uint32_t journal_closing_backing(int32_t id);
void journal_closed_backing(uint32_t place);

/* Call it before an operation that must not take effect twice; `now` describes the state before it.
   False: the operation begins now, and the journal keeps `now`. True: a process that was killed has
   begun the same request, in the state before[]. */
bool journal_begun(const struct fuse_req *req, const uint64_t now[2], uint64_t before[2]);

#endif
