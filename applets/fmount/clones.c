/* SPDX-License-Identifier: MIT */
/* clones: see clones.h. */
#include "clones.h"

#include <errno.h>

#include "cli/env.h"
#include "msg.h"
#include "out.h"
#include "sys.h"
#include "sys/keep.h"

static const char prefix[] = "FUSE_CLONE_FDS=";
/* The names of CLONES_MOST descriptors fit. */
static char variable[sizeof(prefix) + CLONES_MOST * sizeof("2147483647")];

void clones_each(void (*fn)(int fd))
{
	const char *at = variable + sizeof(prefix) - 1;

	for (; *at; at = text_next_word(at))
		fn((int)text_number(at));
}

static void close_clone(int fd)
{
	sys_close(fd);
}

void clones_close(void)
{
	clones_each(close_clone);
}

int clones_make(int device, int count)
{
	struct out out = OUT_TEXT(variable);

	if (!count)
		return 0;
	if (count > CLONES_MOST)
		return msg_refuse("--clones: at most 256");
	out_str(&out, prefix);
	for (int i = 0; i < count; i++) {
		int fd = sys_renumber(sys_clone_device(device));

		if (fd < 0)
			return msg_errno(1, "--clones", fd);
		sys_set_cloexec(fd, false);
		out_fmt(&out, "%s%d", i ? "," : "", fd);
	}
	out_text(&out);
	return env_set(variable) < 0 ? msg_errno(1, "--clones", -ENOMEM) : 0;
}
