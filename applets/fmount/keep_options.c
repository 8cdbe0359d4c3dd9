/* SPDX-License-Identifier: MIT */
/* keep_options: the options of --keep. */
#include "fmount.h"

const struct opt fmount_keep_options[] = {
	OPT(0, "keep", OPT_MAYBE, struct fmount, keep, "HOW", "start the program again when it ends (direct, relay)"),
	OPT(0, "keep-tries", OPT_NUMBER, struct fmount, keep_tries, "N", "but not after N deaths in a minute (10)"),
};
