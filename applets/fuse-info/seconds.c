/* SPDX-License-Identifier: MIT */
/* seconds: spans of time, as fuse-info's options give them and as it shows them. */
#include "fuse_info.h"
#include "opt.h"

int info_seconds(const char *text, int otherwise)
{
	uint64_t n = 0;

	return !*text ? otherwise : opt_number(text, MOST_SECONDS, &n) == 0 ? (int)n : -1;
}

const char *info_age(uint64_t seconds, char text[24])
{
	static const struct { uint32_t size; char name[4]; } units[] = {
		{ 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" },
	};
	struct out out = out_in(text, 24);
	unsigned int i = 0;

	while (i < 3 && seconds < units[i].size)
		i++;
	out_fmt(&out, "%llu %s", (unsigned long long)(seconds / units[i].size), units[i].name);
	if (i < 2 && seconds % units[i].size >= units[i + 1].size)
		out_fmt(&out, " %llu %s", (unsigned long long)(seconds % units[i].size / units[i + 1].size),
			units[i + 1].name);
	return out_text(&out);
}
