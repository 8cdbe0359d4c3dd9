/* SPDX-License-Identifier: MIT */
/* root_daemon: --root-daemon, a server on which the root file system rests. */
#ifndef FUSEBOX_FMOUNT_ROOT_DAEMON_H
#define FUSEBOX_FMOUNT_ROOT_DAEMON_H

/* Protects this process, which is about to execute the server, from the shutdown and from the OOM killer,
   and sets argv[0]. What is not permitted is left out. */
void root_daemon_protect(char **argv);

#endif
