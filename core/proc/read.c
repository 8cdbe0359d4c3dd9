/* SPDX-License-Identifier: MIT */
/* read: see read.h. */
#include "proc/read.h"

#include <string.h>

#include "out.h"
#include "sys.h"

const char *read_name(int id, char text[12])
{
	return text_fmt(text, 12, "%d", id);
}

ssize_t read_proc(const char *dir, const char *file, char *text, size_t size)
{
	char path[64];

	text_fmt(path, sizeof(path), "/proc/%s/%s", dir, file);
	return sys_read_file(path, text, size);
}

char read_state(const char *dir)
{
	char text[512];
	const char *at = read_proc(dir, "status", text, sizeof(text)) > 0 ? text_find(text, "\nState:\t") : NULL;

	return at ? at[sizeof("\nState:\t") - 1] : '\0';
}

/* The fields follow the last ")", because the command's name may contain any character. */
const char *read_fields(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] ? end + 2 : "";
}

const char *read_word(const char *at, int n)
{
	while (n-- > 0 && *at) {
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	return at;
}
