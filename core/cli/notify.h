/* SPDX-License-Identifier: MIT */
/* notify: tell a service manager how a service fares. */
#ifndef FUSEBOX_CLI_NOTIFY_H
#define FUSEBOX_CLI_NOTIFY_H

/* Sends assignments as sd_notify(3) has them, a line each, such as "STOPPING=1", to the socket that
   $NOTIFY_SOCKET names; does nothing without it. */
void notify_systemd(const char *text);

#endif
