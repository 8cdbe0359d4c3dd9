/* inodes: the files that the kernel knows of a file system that stands for another one,
 * each by an O_PATH descriptor, and once, however many names it has. Several threads
 * may use it; no system call is made while it is locked.
 */
#ifndef FUSEBOX_PASSFS_INODES_H
#define FUSEBOX_PASSFS_INODES_H

#include <stdbool.h>
#include <stdint.h>

struct inode {
	int fd;			/* O_PATH; -1: this place is free, or, keep_numbers, asleep */
	uint32_t next;		/* 1 + the place of the next one with its hash, or of the next free one */
	uint64_t device, ino, lookups;
	uint64_t change;	/* for its owner: when it was last seen to have changed */
	int32_t backing;	/* for its owner: by what the kernel knows the file; 0: nothing */
	int32_t writers;	/* for its owner: how many have it open */
	/* For its owner: the user that replies told of it; the directory of its name, by node,
	   and the numbers of its own and that directory's lives; whether it had another one. */
	uint64_t told;
	uint32_t parent, life, parent_life;
	bool moved, of_kernel;
	uint8_t limits;		/* for its owner: SYSFS_NOSUID and SYSFS_NODEV of the mount that it is in */
	bool retired;		/* not in the hash any more: its file gets another node at the next lookup */
	bool has_kept, has_lost;	/* of writeback.c, with the two below */
	uint32_t opens;		/* open files, as inodes_open() and inodes_close() count them */
	uint64_t size, mtime;
};

/* Places in blocks that double: what is in use never moves, and an empty block goes back. */
struct inode_block { struct inode *all; uint32_t live, used, free; };
enum { INODE_BLOCKS = 24 };

/* A node's number is its place + 1, so the first one is the root. */
struct inodes {
	struct inode_block block[INODE_BLOCKS];
	uint32_t *hash;		/* 1 + a place, `room` of them */
	uint32_t live, held, room;	/* in the hash; with a descriptor */
	bool keep_numbers;	/* a file that comes back has the number that it had */
	bool (*is_gone)(int fd);	/* with them: whether what fd holds never comes back. NULL: all may */
	int lock;
};

/* The inode of a node, or NULL if there is none. Good while the kernel knows the node. */
struct inode *inodes_get(const struct inodes *inodes, uint64_t node);

/* The largest number that a node has had, or larger. */
uint64_t inodes_most(const struct inodes *inodes);

/* Counts a lookup of the file that fd holds, which becomes the table's own. Returns its
   node, or 0 when there is no memory; fd is closed then. */
uint64_t inodes_take(struct inodes *inodes, int fd, uint64_t device, uint64_t ino);

/* Counts an open file of a node. False: the node has been retired (it is counted all the same), or
   there is none. */
bool inodes_open(struct inodes *inodes, uint64_t node);
void inodes_close(struct inodes *inodes, uint64_t node);

/* Lets the next lookup of a node's file make another node of it. False: it is open, is the root,
   or has been retired before. */
bool inodes_retire(struct inodes *inodes, uint64_t node);

/* Takes so many lookups back. With the last one it closes the file and returns its
   `backing`, else 0. */
int32_t inodes_forget(struct inodes *inodes, uint64_t node, uint64_t lookups);

/* With keep_numbers: whether the node has a number, and nothing else; and takes that away, if so. */
bool inodes_is_asleep(struct inodes *inodes, uint64_t node);
void inodes_drop(struct inodes *inodes, uint64_t node);

#endif
