/* SPDX-License-Identifier: MIT */
/* call: see call.h. */
#include "call.h"

#include <errno.h>

long call_result(long returned)
{
	return returned == -1 ? -errno : returned;
}
