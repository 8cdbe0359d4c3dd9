/* SPDX-License-Identifier: MIT */
/* userns: a private user and mount namespace that maps the caller's ids to themselves. */
#ifndef FUSEBOX_MOUNT_USERNS_H
#define FUSEBOX_MOUNT_USERNS_H

/* Moves this process into new ones, see user_namespaces(7). Returns 0, or -errno and in *object the
   step that failed. */
int userns_enter(const char **object);

#endif
