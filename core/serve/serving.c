/* SPDX-License-Identifier: MIT */
/* serving: see serving.h. */
#include "serve/serving.h"

struct serving serving;

void serving_detach(void)
{
	if (serving.shown && unmounter_ask(&serving.unmounter, UNMOUNTER_DETACH) == 0)
		unmounter_end(&serving.unmounter);
}
