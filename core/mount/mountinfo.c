/* SPDX-License-Identifier: MIT */
/* mountinfo: parse and walk /proc/PID/mountinfo. See mountinfo.h. */
#include "mount/mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "opt.h"
#include "out.h"
#include "sys.h"

/* Cuts one field off, up to `end`; NULL when there is none. */
static char *field(char **line, char end)
{
	char *start = *line, *stop = start ? strchr(start, end) : NULL;

	if (!start || !*start)
		return NULL;
	if (stop)
		*stop++ = '\0';
	*line = stop;
	return start;
}

static bool number_field(char **line, char end, uint64_t *to)
{
	const char *text = field(line, end);

	return text && opt_number(text, UINT64_MAX, to) == 0;
}

static const char *text_field(char **line)
{
	char *text = field(line, ' ');

	if (text)
		text_unescape(text);
	return text;
}

/* The optional fields (shared:1, master:2 …) end with a lone "-". */
static const char *optional_fields(char **line)
{
	char *start = *line, *end = start && *start != '-' ? text_find(start, " - ") : NULL;

	if (end) {
		*end = '\0';
		*line = end + 3;
		return start;
	}
	if (!start || strncmp(start, "- ", 2) != 0)
		return NULL;
	*line = start + 2;
	return "";
}

int mountinfo_parse(char *line, struct table_row *row)
{
	uint64_t major, minor;

	if (!number_field(&line, ' ', &row->id) || !number_field(&line, ' ', &row->parent)
	    || !number_field(&line, ':', &major) || !number_field(&line, ' ', &minor))
		return -EINVAL;
	row->major = (uint32_t)major;
	row->minor = (uint32_t)minor;
	row->root = text_field(&line);
	row->mountpoint = text_field(&line);
	row->options = text_field(&line);
	row->propagation = optional_fields(&line);
	if (!row->options || !row->propagation)
		return -EINVAL;
	row->type = text_field(&line);
	if (!row->type || !line)
		return -EINVAL;
	if (*line == ' ') {	/* a source of no length */
		row->source = "";
		line++;
	} else {
		row->source = text_field(&line);
	}
	row->super = text_field(&line);
	return row->source && row->super ? 0 : -EINVAL;
}

/* A window on the table that always holds one whole line, shortened if it has to be: a path
   may take four times 4096 bytes and more, being escaped. */
struct window { int fd, err; size_t start, end; char buf[128 * 1024]; };

/* A mountpoint or a root has no greatest length: a user can move what is mounted into a deep
   directory. Whatever is cut off here, the number and the kind of the fields stay the same,
   and the lines that follow are read. */
static void shorten_longest_field(struct window *w)
{
	enum { KEPT = 16 * 1024 };	/* six fields of a line can be longer: they fit */
	char *start = w->buf, *longest = start, *end = w->buf + w->end;
	size_t most = 0;

	while (start < end) {
		char *stop = memchr(start, ' ', (size_t)(end - start));
		size_t len = (size_t)((stop ? stop : end) - start);

		if (len > most) {
			most = len;
			longest = start;
		}
		start += len + 1;
	}
	if (most <= KEPT)
		return;
	memmove(longest + KEPT, longest + most, (size_t)(end - longest) - most);
	w->end -= most - KEPT;
}

static char *next_line(struct window *w)
{
	for (;;) {
		char *line = w->buf + w->start;
		char *stop = memchr(line, '\n', w->end - w->start);
		ssize_t n;

		if (stop) {
			*stop = '\0';
			w->start = (size_t)(stop - w->buf) + 1;
			return line;
		}
		memmove(w->buf, line, w->end - w->start);
		w->end -= w->start;
		w->start = 0;
		if (w->end == sizeof(w->buf))
			shorten_longest_field(w);
		do
			n = sys_read(w->fd, w->buf + w->end, sizeof(w->buf) - w->end);
		while (n == -EINTR);
		w->err = (int)n;
		if (n <= 0)
			return NULL;
		w->end += (size_t)n;
	}
}

static int walk(struct window *w, int (*fn)(const struct table_row *, void *), void *data)
{
	struct table_row row;
	char *line;
	int result = 0;

	while (!result && (line = next_line(w)))
		if (mountinfo_parse(line, &row) == 0)
			result = fn(&row, data);
	return result || line ? result : w->err;
}

int mountinfo_open(const char *pid)
{
	char path[64];

	text_fmt(path, sizeof(path), "/proc/%s/mountinfo", pid);
	return sys_open(path, O_RDONLY | O_NONBLOCK, 0);
}

int mountinfo_each(int fd, int (*fn)(const struct table_row *, void *), void *data)
{
	static struct window first;	/* a row of it stays readable after the walk */
	static bool walking;
	struct window *w = walking ? sys_pages(sizeof(*w)) : &first;
	int result;

	if (!w)
		return -ENOMEM;
	w->fd = fd;
	w->start = w->end = 0;
	walking = true;
	result = walk(w, fn, data);
	if (w == &first)
		walking = false;
	else
		sys_free_pages(w, sizeof(*w));
	return result;
}
