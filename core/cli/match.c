/* SPDX-License-Identifier: MIT */
/* match: see match.h. */
#include "cli/match.h"

#include <string.h>

#include "out.h"

bool match_type(const char *types, const char *type)
{
	bool no = strncmp(types, "no", 2) == 0;

	for (types += no ? 2 : 0; *types; types = text_next_word(types)) {
		bool but = strncmp(types, "no", 2) == 0;

		if (text_is_first(types + (but ? 2 : 0), type))
			return !but && !no;
	}
	return no;
}

bool match_options(const char *wanted, const char *options, const char *more)
{
	for (; *wanted; wanted = text_next_word(wanted)) {
		bool no = strncmp(wanted, "no", 2) == 0;
		size_t len = strcspn(wanted, ",");

		if (text_has_word(options, wanted, len) || text_has_word(more, wanted, len))
			continue;
		if (!no || text_has_word(options, wanted + 2, len - 2) || text_has_word(more, wanted + 2, len - 2))
			return false;
	}
	return true;
}
