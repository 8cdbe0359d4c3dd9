/* SPDX-License-Identifier: MIT */
/* user: see user.h. */
#include "cli/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "sys.h"

enum { FIELDS = 7 };

/* Cuts a line into its colon-separated fields. */
static void split(char *line, char **fields)
{
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = line;
		line += strcspn(line, ":");
		if (*line)
			*line++ = '\0';
	}
}

/* Calls fn for each line that ends in the text, and for a last one without an end if `last`. Moves
   what is left to the front. Returns fn's last result. */
static int take_lines(char *text, size_t *held, bool last, int (*fn)(char **fields, void *data), void *data)
{
	char *fields[FIELDS] = { NULL }, *line = text;
	int result = 0;

	while (!result && *line) {
		char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;

		if (!*end && !last)
			break;
		*end = '\0';
		split(line, fields);
		result = fn(fields, data);
		line = next;
	}
	*held -= (size_t)(line - text);
	memmove(text, line, *held);
	return result;
}

/* Calls fn with the fields of each line of a file such as /etc/passwd, until fn returns nonzero.
   Returns fn's last result, or -errno; -E2BIG: a line is longer than 64 KiB. */
static int each_line(const char *path, int (*fn)(char **fields, void *data), void *data)
{
	static char text[64 * 1024];
	const size_t room = sizeof(text) - 1;
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), result = 0;
	size_t held = 0;
	ssize_t got = 1;

	if (fd < 0)
		return fd;
	while (!result && got > 0) {
		got = held < room ? sys_read_all(fd, text + held, room - held) : -E2BIG;
		if (got >= 0) {
			held += (size_t)got;
			text[held] = '\0';
			result = take_lines(text, &held, !got, fn, data);
		}
	}
	sys_close(fd);
	return got < 0 && !result ? (int)got : result;
}

static bool parse_id(const char *text, uint32_t *id)
{
	uint64_t n;

	if (opt_number(text, UINT32_MAX - 1, &n) < 0)
		return false;
	*id = (uint32_t)n;
	return true;
}

/* name: NULL to search for `id`. */
struct search { const char *name; uint32_t id; struct user *user; };

static bool is_match(const struct search *s, char **fields)
{
	uint32_t id = 0;

	return s->name ? strcmp(fields[0], s->name) == 0
		       : parse_id(fields[2], &id) && id == s->id;
}

static int take_user(char **fields, void *data)
{
	struct search *s = data;
	struct out home = OUT_TEXT(s->user->home);

	if (!is_match(s, fields) || !parse_id(fields[2], &s->user->uid)
	    || !parse_id(fields[3], &s->user->gid))
		return 0;
	if (*fields[5])
		out_str(&home, fields[5]);
	else
		out_char(&home, '/');
	out_text(&home);
	return 1;
}

static int take_group(char **fields, void *data)
{
	struct search *s = data;

	return strcmp(fields[0], s->name) == 0 && parse_id(fields[2], &s->user->gid);
}

static int add_group(char **fields, void *data)
{
	struct search *s = data;
	struct user *user = s->user;
	uint32_t gid;

	if (user->group_count < USER_GROUPS && text_in_list(fields[3], s->name)
	    && parse_id(fields[2], &gid) && gid != user->gid)
		user->groups[user->group_count++] = gid;
	return 0;
}

static int find_group(const char *name, struct search *s)
{
	int found;

	if (parse_id(name, &s->user->gid))
		return 0;
	s->name = name;
	found = each_line("/etc/group", take_group, s);
	return found > 0 ? 0 : found < 0 ? found : -ENOENT;
}

int user_find(const char *text, struct user *user)
{
	char name[256];
	struct out copy = OUT_TEXT(name);
	struct search s = { .name = name, .user = user };
	char *group;
	int found;

	out_str(&copy, text);
	out_text(&copy);
	group = strchr(name, ':');
	if (group)
		*group++ = '\0';
	*user = (struct user) { .home = "/" };
	if (parse_id(name, &s.id)) {
		s.name = NULL;
		user->uid = user->gid = s.id;
	}
	found = each_line("/etc/passwd", take_user, &s);
	if (found <= 0 && s.name)
		return found < 0 ? found : -ENOENT;
	if (s.name && !group)
		each_line("/etc/group", add_group, &s);
	return group ? find_group(group, &s) : 0;
}

struct naming { int64_t uid; char *name; };

static int take_name(char **fields, void *data)
{
	const struct naming *n = data;
	struct out out = out_in(n->name, 32);
	uint32_t id;

	if (!parse_id(fields[2], &id) || id != n->uid)
		return 0;
	out_str(&out, fields[0]);
	out_text(&out);
	return 1;
}

const char *user_name(int64_t uid, char name[32])
{
	struct naming n = { uid, name };
	struct out out = out_in(name, 32);

	if (uid >= 0 && each_line("/etc/passwd", take_name, &n) > 0)
		return name;
	if (uid < 0)
		out_char(&out, '?');
	else
		out_fmt(&out, "%llu", (unsigned long long)uid);
	return out_text(&out);
}
