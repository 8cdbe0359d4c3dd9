/* SPDX-License-Identifier: MIT */
/* inodes: the files that the kernel knows of a file system that mirrors another one.
 *
 * Each file has one O_PATH descriptor and one node, however many names it has. Several threads may
 * use the table; no system call is made while it is locked.
 */
#ifndef FUSEBOX_PASSFS_INODES_H
#define FUSEBOX_PASSFS_INODES_H

#include <stdbool.h>
#include <stdint.h>

#include "fuse_keep.h"

struct inode {
	int fd;			/* O_PATH; -1: free place or, with keep_numbers, a node that is asleep */
	uint32_t next;		/* 1 + place of the next inode in the hash chain or free list; 0: none */
	uint64_t device, ino, lookups;
	uint64_t change;	/* passfs: ctime at the last open */
	int32_t backing;	/* passfs: backing id; 0: none yet; negative: none ever */
	int32_t writers;	/* passfs: open descriptors of writers; negative: they bypass the page cache */
	/* passfs: 1 + the owner and group in SOURCE that replies have reported (owner.c). For
	   no_symlinks_out: the node of the directory in which the file was found, serial
	   numbers that tell reused nodes apart, and whether the file may have a name in
	   another directory. */
	uint64_t told_owner, told_group;
	uint32_t parent, instance, parent_instance;
	bool moved;
	bool closed;		/* passfs: on a file system that only the server's user may enter (owner.c) */
	uint8_t limits;		/* passfs: VFS_NOSUID and VFS_NODEV of the file's mount */
	bool retired;		/* not in the hash: the next lookup of the file makes a new node */
	bool has_kept, has_lost;	/* writeback.c: size and mtime are set; a WRITE failed */
	uint16_t told_mode;	/* passfs: permissions in SOURCE that replies have reported (owner.c) */
	uint32_t uid;		/* the caller whose lookup made the server hold the descriptor */
	uint32_t opens;		/* open files, by inodes_open() and inodes_close() */
	uint64_t size, mtime;
};

/* Each block is as large as all blocks before it. Inodes never move, and empty blocks are freed. */
struct inode_block { struct inode *all; uint32_t live, used, free; };
enum { INODE_BLOCKS = 24 };

/* A node's number is its place + 1, and the root has place 0. */
struct inodes {
	struct inode_block block[INODE_BLOCKS];
	uint32_t *hash;		/* `room` heads of chains: 1 + place; 0: empty */
	uint32_t live, held, room;	/* inodes in use; those with a descriptor; heads in the hash */
	bool keep_numbers;	/* a forgotten file keeps its node, which is asleep: no descriptor */
	/* fmount --keep: the blocks are in memory that outlives this process, room for kept_room
	   places; *kept_most is above all that were ever used. Both NULL: not kept. */
	struct inode *kept;
	uint64_t *kept_most;
	uint32_t kept_room;
	bool (*is_gone)(int fd);	/* keep_numbers: whether no lookup can find the file again; NULL: never */
	uint32_t *of_uid;	/* `held` by caller, from inodes_count_users(); NULL: not counted */
	int lock;
};

/* The inode of a node, or NULL if there is none or if it is asleep. The table owns it; it is valid
   while the kernel knows the node. */
struct inode *inodes_get(const struct inodes *inodes, uint64_t node);

/* Counts from now on how many descriptors each caller made the server hold. Call it before threads
   start. 0 or -ENOMEM. */
int inodes_count_users(struct inodes *inodes);

/* That number: users whose uids have the same low 16 bits share one. 0 if they are not counted. */
uint32_t inodes_held_for(const struct inodes *inodes, uint32_t uid);

/* An upper bound of the node numbers in use. */
uint64_t inodes_most(const struct inodes *inodes);

/* Words of kept memory that change together with a lookup count: *node becomes the node's number,
   *word becomes value. NULL: none. uid: the caller that has the file looked up. */
struct inode_also { uint64_t *node, *word, value; uint32_t uid; };
#define INODE_ALONE ((struct inode_also) { .value = 0 })

/* Adds 1 to the lookup count of fd's file and takes over fd. Returns the node, or 0 without memory,
   when fd is closed. */
uint64_t inodes_take(struct inodes *inodes, int fd, uint64_t device, uint64_t ino, struct inode_also also);

/* Counts an open file of a node; inodes_close() takes it back. False: the node is retired, but the open
   file is counted all the same; or there is no such node. */
bool inodes_open(struct inodes *inodes, uint64_t node);
void inodes_close(struct inodes *inodes, uint64_t node);

/* Makes the next lookup of a node's file return a new node. False: the node has open files, is the
   root, is retired already, or does not exist. */
bool inodes_retire(struct inodes *inodes, uint64_t node);

/* Subtracts `lookups` from the lookup count. At 0 it closes the descriptor and returns the backing
   id, which the caller has to close; otherwise 0. */
int32_t inodes_forget(struct inodes *inodes, uint64_t node, uint64_t lookups, struct inode_also also);

/* With `kept` set: takes over what a former process has left there. inodes_lose(): the node's
   descriptor is not open any more. The kernel still knows the node, so its number stays in use until
   FORGET, but requests get ESTALE, and the next lookup makes a new node. 0 or -ENOMEM. */
int inodes_resume(struct inodes *inodes);
void inodes_lose(struct inodes *inodes, uint64_t node);

/* With keep_numbers: whether the node is asleep; and frees the number of a node that is asleep. */
bool inodes_is_asleep(struct inodes *inodes, uint64_t node);
void inodes_drop(struct inodes *inodes, uint64_t node);

#endif
