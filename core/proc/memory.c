/* SPDX-License-Identifier: MIT */
/* memory: how much memory this process may use: see proc_memory(). */
#include "proc/proc.h"

#include <string.h>

#include "out.h"
#include "sys.h"

/* The line of version 2 is the one that names no controllers: 0::PATH. */
uint64_t proc_memory(void)
{
	char text[4096] = "", name[4096], value[24];
	uint64_t least = sys_memory(), limit;
	char *path;

	sys_read_file("/proc/self/cgroup", text, sizeof(text));
	path = text_find(text, "::");
	if (!path)
		return least;
	path += 2;
	for (char *end = path + strcspn(path, "\n"); end; end = strrchr(path, '/')) {
		*end = '\0';
		text_fmt(name, sizeof(name), "/sys/fs/cgroup%s/memory.max", path);
		limit = sys_read_file(name, value, sizeof(value)) > 0 ? text_number(value) : 0;	/* 0 for "max" */
		if (limit && limit < least)
			least = limit;
	}
	return least;
}
