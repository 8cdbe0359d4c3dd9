/* SPDX-License-Identifier: MIT */
/* read_only: -r. */
#include "fumount.h"
#include "target/unmount.h"

int fumount_read_only(const struct report *to, const struct target *t)
{
	int err = unmount_read_only(t);

	if (!err)
		report(to, "read-only", "busy: now read-only");
	return err;
}
