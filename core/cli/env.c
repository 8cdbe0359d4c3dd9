/* SPDX-License-Identifier: MIT */
/* env: see env.h. Does not use malloc(3). */
#include "cli/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "sys.h"

extern char **environ;

int env_set(char *assignment)
{
	size_t n = 0, len = strcspn(assignment, "=") + 1;
	char **fresh;

	while (environ && environ[n]) {
		if (strncmp(environ[n], assignment, len) == 0) {
			environ[n] = assignment;
			return 0;
		}
		n++;
	}
	fresh = sys_pages((n + 2) * sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	if (n)
		memcpy(fresh, environ, n * sizeof(*fresh));
	fresh[n] = assignment;
	environ = fresh;
	return 0;
}

const char *env_take(const char *name)
{
	const char *value = getenv(name);
	size_t len = strlen(name) + 1;
	char **at = environ;

	while (value && *at + len != value)
		at++;
	for (; value && *at; at++)
		*at = at[1];
	return value;
}

int env_find(const char *program, bool setuid, char *found, size_t size)
{
	const char *path = getenv("PATH");
	bool is_setuid;

	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (*path) {
		size_t len = strcspn(path, ":");

		text_fmt(found, size, "%.*s/%s", (int)len, path, program);
		if (len && len + strlen(program) + 1 < size && sys_executable(found, &is_setuid) == 0 && (is_setuid || !setuid))
			return 0;
		path += len + (path[len] == ':');
	}
	return -ENOENT;
}
