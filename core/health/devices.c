/* SPDX-License-Identifier: MIT */
/* devices: see devices.h. */
#include "health/devices.h"

#include <fcntl.h>
#include <string.h>

#include "out.h"
#include "proc/proc.h"
#include "sys.h"
#include "sys/dir.h"
#include "mount/table.h"

struct search {
	uint32_t major, minor;
	int (*fn)(const struct holder *holder, void *data);
	void *data;
};

/* A path is on the mount with the longest matching mountpoint; of several, on the newest. */
struct place { const char *path; size_t length; uint32_t major, minor; };

static int take_longer(const struct table_row *row, void *data)
{
	struct place *place = data;
	size_t length = strlen(row->mountpoint);

	length -= length == 1;	/* the root */
	if (length < place->length || strncmp(row->mountpoint, place->path, length) != 0
	    || place->path[length] != '/')
		return 0;
	*place = (struct place) { place->path, length, row->major, row->minor };
	return 0;
}

static int report_if_on_device(const struct search *s, const char *path, const char *name, enum holder_how how)
{
	struct holder holder = { .uid = -1, .how = how };
	struct out command = OUT_TEXT(holder.command), file = OUT_TEXT(holder.file);
	struct place place = { .path = path };

	if (*path != '/' || table_each(NULL, take_longer, &place) < 0 || place.major != s->major
	    || place.minor != s->minor)
		return 0;
	out_str(&command, name);
	out_text(&command);
	out_str(&file, path);
	out_text(&file);
	return s->fn(&holder, s->data);
}

static int check_loop(const struct search *s, const char *name)
{
	char file[64], path[4096];

	text_fmt(file, sizeof(file), "/sys/block/%s/loop/backing_file", name);
	if (strncmp(name, "loop", 4) != 0 || sys_read_file(file, path, sizeof(path)) <= 0)
		return 0;
	path[strcspn(path, "\n")] = '\0';
	return report_if_on_device(s, path, name, HOLDER_LOOP);
}

static int each_loop(const struct search *s)
{
	struct sys_dir all;
	const char *name;
	int result = 0;

	if (sys_opendir(&all, AT_FDCWD, "/sys/block") < 0)
		return 0;
	while (!result && (name = sys_readdir(&all)))
		result = check_loop(s, name);
	sys_close(all.fd);
	return result;
}

/* A line of /proc/swaps begins with the path, escaped as in the mount table. */
static int each_swap(const struct search *s)
{
	static char text[4096];
	char *line = text, *end;
	int result = 0;

	if (sys_read_file("/proc/swaps", text, sizeof(text)) <= 0)
		return 0;
	for (; !result && (end = strchr(line, '\n')); line = end + 1) {
		line[strcspn(line, " \t\n")] = '\0';
		text_unescape(line);
		result = report_if_on_device(s, line, "swap", HOLDER_SWAP);
	}
	return result;
}

int devices_each(uint32_t major, uint32_t minor, int (*fn)(const struct holder *, void *), void *data)
{
	const struct search s = { major, minor, fn, data };
	int result = each_loop(&s);

	return result ? result : each_swap(&s);
}
