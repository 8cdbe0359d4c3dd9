/* SPDX-License-Identifier: MIT */
/* userns: user namespaces and their maps, user_namespaces(7). */
#ifndef FUSEBOX_MOUNT_USERNS_H
#define FUSEBOX_MOUNT_USERNS_H

#include <stddef.h>

/* Moves this process into a new user and mount namespace that maps its ids to themselves. Returns 0, or
   -errno and in *object the step that failed. */
int userns_enter(const char **object);

/* Writes `size` bytes at once to a file below /proc, such as uid_map. 0 or -errno. */
int userns_write(const char *path, const char *text, size_t size);

#endif
