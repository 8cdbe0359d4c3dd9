/* SPDX-License-Identifier: MIT */
/* wait_server: --wait runs the server in the background, and returns once it has answered FUSE_INIT. */
#ifndef FUSEBOX_FMOUNT_WAIT_SERVER_H
#define FUSEBOX_FMOUNT_WAIT_SERVER_H

#include "beneath.h"
#include "fmount.h"

/* Runs the program argv as the server of the mount at, in a child that leads its own session, and waits
   f->timeout seconds at most (0: for ever). Closes device here, and attaches a mount of beneath_create()
   once the child serves. Returns 0, or the exit status once the error is printed and the mount undone. */
int wait_server_run(const struct fmount *f, struct mountpoint *at, int device, char **argv, struct beneath *beneath);

/* Detaches the mount at, unless beneath holds it: a mount that is attached nowhere ends with its descriptor.
   Returns 1, for the caller's exit status. */
int wait_server_undo(const struct mountpoint *at, const struct beneath *beneath);

#endif
