/* SPDX-License-Identifier: MIT */
/* relay_ids: the numbers by which the kernel knows the nodes, or the open handles, of a server behind
 * the relay. The relay gives the kernel no number twice, so that neither a delayed notification nor an NFS client's file
 * handle can reach another file. Each number that the kernel is given is a reference to the server's number, as the
 * server's own lookup count. */
#ifndef FUSEBOX_FMOUNT_RELAY_IDS_H
#define FUSEBOX_FMOUNT_RELAY_IDS_H

#include "relay_table.h"

struct relay_ids { struct relay_table table; };

/* Adds a reference to the server's number, and returns the kernel's number for it; 0: no memory. */
uint64_t relay_ids_give(struct relay_ids *ids, uint64_t server);

/* The kernel's number for a server's number that has references, else 0. */
uint64_t relay_ids_known(const struct relay_ids *ids, uint64_t server);

/* Stores the server's number. False: the server has no such number any more. */
bool relay_ids_find(const struct relay_ids *ids, uint64_t kernel, uint64_t *server);

/* Drops so many references. */
void relay_ids_drop(struct relay_ids *ids, uint64_t kernel, uint64_t count);

/* Forgets all numbers: the next life begins. */
void relay_ids_end_life(struct relay_ids *ids);

#endif
