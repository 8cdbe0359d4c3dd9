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

bool match_options(const char *wanted, const char *options)
{
	char word[64] = "";

	for (; *wanted; wanted = text_next_word(wanted)) {
		bool no = strncmp(wanted, "no", 2) == 0;

		text_fmt(word, sizeof(word), "%.*s", (int)strcspn(wanted, ","), wanted);
		if (!text_in_list(options, word) && !(no && !text_in_list(options, word + 2)))
			return false;
	}
	return true;
}
