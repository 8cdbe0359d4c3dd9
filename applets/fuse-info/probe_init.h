/* kernelinit: what the kernel's FUSE offers, by its own word. */
#ifndef FUSEBOX_FUSE_INFO_PROBE_INIT_H
#define FUSEBOX_FUSE_INFO_PROBE_INIT_H

#include "fuse_kernel.h"
#include "out.h"

/* The INIT request that the kernel sends: of a mount that is attached nowhere, or in a
   mount namespace that no one else is in; made and gone in a child. An ordinary user's
   is in a user namespace of his own. 0, or -errno and what it is about in `why`. */
int kernelinit_ask(struct fuse_init_in *in, struct out *why);

#endif
