/* SPDX-License-Identifier: MIT */
/* left_out: what a build without some parts says in their place. */
#include "mount/mount.h"
#include "opt.h"

const char opt_unknown[32] = "this build has no such option";
const char mount_clears[3] = "-l", mount_replaces[22] = "-l";
