/* SPDX-License-Identifier: MIT */
/* auto_unmount: a background process that detaches a mount once its server has exited. */
#ifndef FUSEBOX_FMOUNT_AUTO_UNMOUNT_H
#define FUSEBOX_FMOUNT_AUTO_UNMOUNT_H

#include <stdbool.h>

#include "mount/mount.h"

/* Starts the watcher, and returns the descriptor of a socket to it, the caller's, or -errno. With
   auto_unmount, the descriptor survives an exec, and once all copies of it are closed and no
   process has the connection open, the watcher detaches the mount if it is still the same.
   Otherwise an exec closes the descriptor and ends the watcher, and only auto_unmount_undo() detaches
   the mount. */
int auto_unmount_start(const struct mountpoint *at, bool auto_unmount);

/* Has the watcher detach the mount, and waits until the watcher exits. */
void auto_unmount_undo(int watch);

#endif
