/* SPDX-License-Identifier: MIT */
/* left_out: in a build without some parts, an option may be unknown because its part is left out. */
#include "opt.h"

const char opt_unknown[32] = "this build has no such option";
