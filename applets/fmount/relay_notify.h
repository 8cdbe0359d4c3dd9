/* SPDX-License-Identifier: MIT */
/* relay_notify: writes to the kernel what the kernel may take only after the server has answered
 * something else: a notification that drops cached pages waits for those that are being read. The
 * relay itself must not wait for that, so a child process writes them, in order. */
#ifndef FUSEBOX_FMOUNT_RELAY_NOTIFY_H
#define FUSEBOX_FMOUNT_RELAY_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

/* Passes on one notification to the connection of `device`; the first one starts the child. Waits for the
   child at most one second. Returns false, and passes nothing on, if the child is behind by more than a socket holds:
   the server sends more than the kernel can take. */
bool relay_notify(int device, const void *message, size_t size);

#endif
