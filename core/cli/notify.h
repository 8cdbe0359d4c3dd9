/* SPDX-License-Identifier: MIT */
/* notify: tell a service manager how a service fares, and let it store descriptors for the service's next process. */
#ifndef FUSEBOX_CLI_NOTIFY_H
#define FUSEBOX_CLI_NOTIFY_H

#include <stddef.h>

/* Sends assignments as sd_notify(3) has them, a line each, such as "STOPPING=1", to the socket that
   $NOTIFY_SOCKET names; does nothing without it. */
void notify_systemd(const char *text);

/* notify_store() has the service manager store at most SYS_DATAGRAM_FDS descriptors under this name (FDSTORE=1), if
   $FDSTORE tells that it stores any for this service: systemd sets that since version 254. notify_unstore() has it
   close all that it stores under the name. Names have at most NOTIFY_NAME bytes. */
enum { NOTIFY_NAME = 40 };
void notify_store(const char *name, const int *fds, size_t count);
void notify_unstore(const char *name);

/* Calls fn for each descriptor that the service manager has handed to this process ($LISTEN_FDS), and that has a
   name of at most NOTIFY_NAME bytes. exec(2) keeps them open. */
void notify_each_stored(void (*fn)(const char *name, int fd));

#endif
