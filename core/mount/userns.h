/* userns: a user and a mount namespace of one's own, as who the caller is. */
#ifndef FUSEBOX_MOUNT_USERNS_H
#define FUSEBOX_MOUNT_USERNS_H

/* Enters them for good, user_namespaces(7). 0, or -errno and what it is about. */
int userns_enter(const char **object);

#endif
