/* SPDX-License-Identifier: MIT */
/* How passfs shows SOURCE: --map, --perms, --hide. Each takes a line of the input. */
#include "passfs/view.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static void owners(struct passview *view, char *map, uint32_t id)
{
	const char *bad, *why = passview_map(view, map, &bad);

	MUST(view->pairs <= VIEW_PAIRS);
	fuzz_touch_text(why);
	for (int group = 0; group < 2; group++) {
		passview_shown(view, id, group);
		passview_source(view, id, group);
		/* The id -1 stays -1: chown(2) uses it for "unchanged". */
		MUST(passview_source(view, UINT32_MAX, group) == UINT32_MAX);
	}
	for (uint32_t i = 0; i < view->pairs; i++)
		MUST(view->pair[i].source != UINT32_MAX && view->pair[i].shown != UINT32_MAX);
}

static void permissions(struct passview *view, char *perms, uint32_t mode)
{
	static const uint32_t types[] = { S_IFREG, S_IFDIR, S_IFLNK, S_IFSOCK };
	const char *bad;

	if (passview_perms(view, perms, &bad) != NULL)
		return;
	mode = (mode & 07777) | types[mode >> 12 & 3];
	MUST((passview_mode(view, mode) & S_IFMT) == (mode & S_IFMT));
	MUST(!S_ISLNK(mode) || passview_mode(view, mode) == mode);
	MUST(passview_mode(view, mode) <= (S_IFMT | 07777));
}

/* An access list of any bytes: it never grows, and bytes that are no access list stay unchanged. */
static void lists(const struct passview *view, const char *bytes, uint32_t mode)
{
	size_t size = strlen(bytes);

	for (int back = 0; back < 2; back++) {
		char *list = malloc(size + 1);

		memcpy(list, bytes, size + 1);
		MUST(passview_acl(view, list, size, mode, back) <= size);
		MUST(size % 8 == 4 || memcmp(list, bytes, size) == 0);
		MUST(list[size] == '\0');
		free(list);
	}
}

/* The patterns in which only one of the two matchers treats a character as special: brackets, an
   unpaired backslash. */
static bool is_plain(const char *pattern)
{
	size_t len = strlen(pattern);

	for (size_t i = 0; i < len; i++)
		if (pattern[i] == '[' || pattern[i] & 0x80 || (pattern[i] == '\\' && !pattern[++i]))
			return false;
	return true;
}

static void names(struct passview *view, char *pattern, const char *name)
{
	const char *bad;
	bool hidden;

	MUST(passview_hide(view, pattern, &bad) == NULL);
	hidden = passview_hides(view, name);
	if (is_plain(pattern) && !strpbrk(name, "/") && *name)
		MUST(hidden == (fnmatch(pattern, name, 0) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct passview view = { .force_user = -1, .force_group = -1 };
	uint8_t how = input_byte(&in);
	uint32_t id = input_number(&in);
	char *map = input_text(&in, '\n'), *perms = input_text(&in, '\n');
	char *pattern = input_text(&in, '\n'), *name = input_rest(&in);

	view.uid_offset = how & 1 ? 100000 : 0;
	view.gid_offset = how & 2 ? INT32_MAX : 0;
	view.force_user = how & 4 ? 77 : -1;
	owners(&view, map, id);
	permissions(&view, perms, id);
	lists(&view, name, id);
	names(&view, pattern, name);
	free(map);
	free(perms);
	free(pattern);
	free(name);
	return 0;
}
