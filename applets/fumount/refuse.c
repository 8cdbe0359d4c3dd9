/* SPDX-License-Identifier: MIT */
/* refuse: the targets that the options, or servers on their paths, keep from being unmounted. */
#include "cli/match.h"
#include "fumount.h"

/* A lookup of the path would ask the server of the enclosing FUSE mount. */
static bool is_outer_answering(const struct target *t)
{
	struct census census = { .count = 0 };

	if (!t->outer || census_add(&census, t->outer) < 0)
		return true;
	census_look(&census, 500);
	return census_answers(census.conns);
}

bool fumount_refuse(const struct fumount *f, const struct report *to, const struct target *t)
{
	if (f->types && !match_type(f->types, t->type)) {
		report(to, "refused", "its type is %s, which -t %s leaves out", t->type, f->types);
		return true;
	}
	if (!t->id && f->verbose)
		report(to, "unknown", "without /proc, what is mounted there is not known");
	if (fumount_refuse_outside(f, to, t->connection))
		return true;
	if (!t->at.below || is_outer_answering(t))
		return false;
	report(to, "refused", "it lies below another FUSE mount, conn:%llu, which does not answer; "
	       "unmount that first", (unsigned long long)t->outer);
	return true;
}
