/* SPDX-License-Identifier: MIT */
/* serving: see serving.h. */
#include "serve/serving.h"

#include <string.h>

struct serving serving;

void serving_detach(void)
{
	if (serving.shown && unmounter_ask(&serving.unmounter, UNMOUNTER_DETACH) == 0)
		unmounter_end(&serving.unmounter);
}

bool serving_is_device(const char *where)
{
	return strncmp(where, SERVING_DEVICE, sizeof(SERVING_DEVICE) - 1) == 0;
}
