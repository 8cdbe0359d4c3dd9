/* SPDX-License-Identifier: MIT */
/* fuse_keep: for a file system whose nodes and handles mean something in its own process alone, and
 * that goes on all the same when that process is killed (fmount --keep; see fuse_resume.h).
 *
 * It keeps what the next process needs in memory that outlives it. Its descriptors outlive it, too,
 * with the same numbers, unless the process that holds them is killed as well.
 *
 * A process can be killed between any two instructions. So each request has a slot, and what is
 * written there together with the state itself, by fuse_write_words(), tells the next process what
 * it has to take back: the kernel delivers again each request that has not been answered. */
#ifndef FUSEBOX_FUSE_KEEP_H
#define FUSEBOX_FUSE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuse_req;
struct fuse_session;

/* FUSE_BEGUN: the operation may have taken effect. FUSE_DONE: it has. */
enum fuse_stage { FUSE_NEW, FUSE_BEGUN, FUSE_DONE };
enum { FUSE_SLOT_NODES = 8180 };

struct fuse_slot {
	uint64_t unique;	/* of the request, without FUSE_UNIQUE_RESEND; 0: the slot is free */
	uint64_t again;		/* the process that began the request was killed before the reply */
	uint64_t stage;		/* enum fuse_stage */
	uint64_t before[2];	/* for the file system: the state that the operation found */
	uint64_t opened;	/* for the file system: the handle that the request made; 0: none */
	uint64_t lookups;	/* how many of `node` are set */
	uint64_t node[FUSE_SLOT_NODES];	/* nodes whose lookup count the request increased by one; 0: taken back */
};

/* Writes all of these words, which are in kept memory, or none of them if the process is killed. At
   most FUSE_WORDS. */
struct fuse_word { uint64_t *at, value; };
enum { FUSE_WORDS = 4 };
void fuse_write_words(const struct fuse_word *word, size_t count);

struct fuse_keeping {
	size_t memory;		/* bytes of kept memory */
	/* Called once, after option parsing and before fuse_ops.prepare. `resumed`: a former process
	   has used the memory; else it is zero. Returns NULL, or why this process cannot go on. */
	const char *(*attach)(void *fs, void *memory, bool resumed);
	/* If resumed: returns the next number above `after` (-1: the first one) of a descriptor of the
	   killed process that this process needs; -1: no more. */
	int (*next_fd)(void *fs, int after);
	/* If resumed: called for each of those numbers. ok: this process has the killed process's
	   descriptor under that number; else the descriptor is lost. */
	void (*got_fd)(void *fs, int fd, bool ok);
	/* Takes back what an unanswered request has done to the kept memory: the lookup counts of the
	   slot's nodes, and its handle. What it has done to files stays. */
	void (*undo)(struct fuse_req *req, struct fuse_slot *slot);
	/* If resumed: called after the last got_fd and undo, and before the first request. */
	void (*settled)(struct fuse_req *req);
};

#endif
