/* SPDX-License-Identifier: MIT */
/* match: see match.h. */
#include "cli/match.h"

#include <string.h>

#include "out.h"

bool match_type(const char *types, const char *type)
{
	bool no = strncmp(types, "no", 2) == 0;
	size_t len = strlen(type);

	for (types += no ? 2 : 0; *types; types += strcspn(types, ","), types += *types == ',') {
		bool but = strncmp(types, "no", 2) == 0;
		const char *one = types + (but ? 2 : 0);

		if (strncmp(one, type, len) == 0 && (!one[len] || one[len] == ','))
			return !but && !no;
	}
	return no;
}

bool match_options(const char *wanted, const char *options)
{
	char word[64] = "";

	while (*wanted) {
		struct out out = OUT_TEXT(word);
		size_t len = strcspn(wanted, ",");
		bool no = strncmp(wanted, "no", 2) == 0;

		out_fmt(&out, "%.*s", (int)len, wanted);
		out_text(&out);
		if (!text_in_list(options, word) && !(no && !text_in_list(options, word + 2)))
			return false;
		wanted += len + (wanted[len] == ',');
	}
	return true;
}
