/* SPDX-License-Identifier: MIT */
/* serving: see serving.h. */
#include "serve/serving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"
#include "sys.h"

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

int serving_take_device(const char *where)
{
	uint64_t fd;

	if (opt_number(where + sizeof(SERVING_DEVICE) - 1, INT32_MAX, &fd) < 0 || sys_set_cloexec((int)fd, true) < 0)
		return -EBADF;
	return (int)fd;
}

/* The socket whose end of file tells fmount --auto-unmount that this process has ended, or -1. */
static int watch_socket(void)
{
	const char *number = getenv("FUSEBOX_WATCH");
	uint64_t fd;

	return number && opt_number(number, INT32_MAX, &fd) == 0 && sys_is_unix_socket((int)fd) == 0 ? (int)fd : -1;
}

/* An attacker who takes over this process could use inherited descriptors: from a directory's,
   openat(2) leads out of any root. */
void serving_close_inherited(void)
{
	const int kept[] = { serving.args->ready_fd, watch_socket() };

	sys_close_others(kept, sizeof(kept) / sizeof(*kept), true);
}
