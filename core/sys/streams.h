/* SPDX-License-Identifier: MIT */
/* streams: the standard streams of a server in its cage. */
#ifndef FUSEBOX_SYS_STREAMS_H
#define FUSEBOX_SYS_STREAMS_H

/* Leaves standard input at end of file, and makes of each output something that can only be
   written: a terminal is reopened, anything else but a socket becomes a pipe, which a process of
   its own copies. 0 or -errno. */
int streams_replace(void);

#endif
