/* watch: a process aside that takes a mount away when its server is no more. */
#ifndef FUSEBOX_FMOUNT_AUTO_UNMOUNT_H
#define FUSEBOX_FMOUNT_AUTO_UNMOUNT_H

#include <stdbool.h>

#include "mount/mount.h"

/* Starts it. The process that calls this, and whoever inherits the descriptor
   that it returns, is what is watched; at its last end, if auto_unmount, the
   mount is detached, once no process has its connection open any more, and only
   if it is the same mount still. Without auto_unmount an exec is the end of the
   watching, and only watch_undo() detaches. Or -errno. */
int watch_start(const struct mountpoint *at, bool auto_unmount);

/* Has the watcher detach the mount, and waits until it has. */
void watch_undo(int watch);

#endif
