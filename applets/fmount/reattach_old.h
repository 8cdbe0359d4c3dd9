/* SPDX-License-Identifier: MIT */
/* reattach_old: the dead mounts that a new one is to replace. */
#ifndef FUSEBOX_FMOUNT_REATTACH_OLD_H
#define FUSEBOX_FMOUNT_REATTACH_OLD_H

#include <stdbool.h>
#include <stdint.h>

#include "mount/table.h"

enum { REATTACH_MOST = 16 };

struct reattach_old {
	const struct table_row *mount;	/* the new mount */
	bool named;			/* --reattach=OLD: of any type, source and owner */
	struct dead { uint64_t connection, identity; } dead[REATTACH_MOST];
	int count;
};

/* Finds what `word`, the operand of --reattach, means; "": the dead mounts of the same type, source and owner, in all
   mount namespaces. Returns 0, or 1 once it has printed why not. */
int reattach_find_old(struct reattach_old *old, const char *word, const char *mountpoint);

/* The fusectl_identity() of the dead connection that has the row's number; 0: the row is none of them. The kernel
   may have given the number to another connection: compare the identity while a descriptor keeps the mount. */
uint64_t reattach_identity(const struct reattach_old *old, const struct table_row *row);

/* Opens a process's mount namespace; -ESTALE if it is not the one with this number any more. */
int reattach_open_namespace(int pid, uint64_t number);

#endif
