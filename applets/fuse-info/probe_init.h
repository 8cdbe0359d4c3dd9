/* SPDX-License-Identifier: MIT */
/* probe_init: read the INIT request of the kernel, which lists its FUSE features. */
#ifndef FUSEBOX_FUSE_INFO_PROBE_INIT_H
#define FUSEBOX_FUSE_INFO_PROBE_INIT_H

#include "fuse_kernel.h"
#include "out.h"

/* Makes a mount in a child process and reads its INIT request. The mount is attached nowhere, or
   before 5.2 in a new mount namespace, and ends with the child. For an ordinary user, the child
   enters a new user namespace first. 0; or -errno, with the object and reason in `why` if the
   child failed. */
int probe_init_ask(struct fuse_init_in *in, struct out *why);

#endif
