/* SPDX-License-Identifier: MIT */
/* span: strspn(3) and strcspn(3) for the box, a quarter as large as libc's, which are made for longer texts. */
#include <stdbool.h>
#include <string.h>

static size_t span(const char *text, const char *letters, bool in)
{
	size_t len = 0;

	while (text[len] && !strchr(letters, text[len]) != in)
		len++;
	return len;
}

size_t strspn(const char *text, const char *letters)
{
	return span(text, letters, true);
}

size_t strcspn(const char *text, const char *letters)
{
	return span(text, letters, false);
}
