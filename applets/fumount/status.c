/* SPDX-License-Identifier: MIT */
/* status: the exit status of umount(8) for one target, and for several together. */
#include <errno.h>

#include "fumount.h"

int fumount_status(int err)
{
	return !err ? FUMOUNT_OK : err == -EPERM || err == -EACCES ? FUMOUNT_USAGE : FUMOUNT_FAILED;
}

void fumount_count(struct fumount_tally *tally, int status)
{
	tally->good += status == FUMOUNT_OK;
	tally->bad += status != FUMOUNT_OK;
	tally->refused += status == FUMOUNT_USAGE;
}

int fumount_total(const struct fumount_tally *t)
{
	return !t->bad ? FUMOUNT_OK : t->good ? FUMOUNT_SOME
	       : t->refused == t->bad ? FUMOUNT_USAGE : FUMOUNT_FAILED;
}

int fumount_each(struct fumount *f, struct report *to, char **operands,
		 int (*run)(const struct fumount *f, const struct report *to))
{
	struct fumount_tally tally = { 0, 0, 0 };

	for (; *operands; operands++) {
		to->object = *operands;
		f->settling = tally.good > 0;
		fumount_count(&tally, run(f, to));
	}
	return fumount_total(&tally);
}
