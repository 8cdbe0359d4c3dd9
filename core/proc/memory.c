/* SPDX-License-Identifier: MIT */
/* memory: how much memory this process may use: see proc_memory(). */
#include "proc/proc.h"

#include <string.h>

#include "out.h"
#include "sys.h"

/* Lowers *least to the limit in memory.`file` of the cgroup that `path` begins with, and of each of its ancestors. Changes the
   path. */
static void apply_limits(uint64_t *least, char *path, const char *hierarchy, const char *file)
{
	char name[4096], text[24];
	uint64_t limit;

	for (char *end = path + strcspn(path, "\n"); end; end = strrchr(path, '/')) {
		*end = '\0';
		text_fmt(name, sizeof(name), "/sys/fs/cgroup/%s%s/memory.%s", hierarchy, path, file);
		limit = sys_read_file(name, text, sizeof(text)) > 0 ? text_number(text) : 0;	/* 0 for "max" */
		if (limit && limit < *least)
			*least = limit;
	}
}

/* A line is NUMBER:CONTROLLERS:PATH. The last one is that of version 2, without controllers. */
uint64_t proc_memory(void)
{
	static const char memory[] = ":memory:";
	char text[4096] = "";
	uint64_t least = sys_memory();

	sys_read_file("/proc/self/cgroup", text, sizeof(text));
	for (char *at = text; (at = strchr(at, ':')); at++) {
		bool v1 = strncmp(at, memory, sizeof(memory) - 1) == 0;

		if (v1 || at[1] == ':')
			apply_limits(&least, at + (v1 ? sizeof(memory) - 1 : 2), v1 ? "memory/" : "", v1 ? "limit_in_bytes" : "max");
	}
	return least;
}
