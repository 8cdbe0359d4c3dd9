/* SPDX-License-Identifier: MIT */
/* modes_options: the options that apply to each target, or to all. */
#include "fumount.h"

const struct opt fumount_modes_options[] = {
	OPT('N', "namespace", OPT_STRING, struct fumount, namespace, "NS", "in the mount namespace of a process, or at a path"),
	OPT('r', "read-only", OPT_FLAG, struct fumount, read_only, "", "if it is busy, make it read-only"),
	OPT(0, "json", OPT_FLAG, struct fumount, json, "", "print JSON"),
};
