/* SPDX-License-Identifier: MIT */
/* places: see places.h, and sys_keep_places() in sys.h. */
#define _GNU_SOURCE
#include "sys/places.h"

#include <fcntl.h>
#include <string.h>

#include "call.h"
#include "sys.h"

/* Descriptors of the directories that sys_keep_places() opened; NO_PLACE: it does not exist. */
enum { PROC, SYS, ETC, RUN, DEV, PLACES };
static const char place_names[PLACES][6] = { "/proc", "/sys", "/etc", "/run", "/dev" };
static int places[PLACES];
static bool kept;

int sys_keep_places(void)
{
	if (kept)
		return 0;
	for (int i = 0; i < PLACES; i++) {
		places[i] = (int)call_result(openat(AT_FDCWD, place_names[i], O_PATH | O_DIRECTORY | O_CLOEXEC));
		if (places[i] >= 0 && i == PROC && sys_magic(places[i]) != SYS_PROC_MAGIC) {
			sys_close(places[i]);
			places[i] = NO_PLACE;
		}
		places[i] = places[i] < 0 ? NO_PLACE : places[i];
	}
	kept = true;
	return places[PROC] < 0 ? -ENOENT : 0;
}

/* Whether `rest`, the path below a directory, is looked up there: paths that fusebox itself reads,
   but no mountpoint of a user. */
static bool is_kept(int place, const char *rest)
{
	return !*rest || (place == PROC && *rest == '/') || (place == SYS && strncmp(rest, "/block", 6) == 0)
	       || (place == ETC && (strcmp(rest, "/passwd") == 0 || strcmp(rest, "/group") == 0));
}

int place_of(const char **path)
{
	for (int i = 0; kept && i < PLACES; i++) {
		size_t len = strlen(place_names[i]);

		if (strncmp(*path, place_names[i], len) != 0 || !is_kept(i, *path + len))
			continue;
		*path += len;
		*path = **path ? *path + 1 : ".";
		return places[i];
	}
	return AT_FDCWD;
}
