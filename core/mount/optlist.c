/* SPDX-License-Identifier: MIT */
/* optlist: mount options, from text and to text. See optlist.h. */
#include "optlist.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "opt.h"

/* A flag is stored as the number of its bit, in a byte. */
static const struct { char name[14]; uint8_t bit, on; } flag_names[] = {
#define ROW(name, flag, on) { name, __builtin_ctz(flag), on }
	ROW("ro", MOUNT_RDONLY, 1),		ROW("rw", MOUNT_RDONLY, 0),
	ROW("nosuid", MOUNT_NOSUID, 1),		ROW("suid", MOUNT_NOSUID, 0),
	ROW("nodev", MOUNT_NODEV, 1),		ROW("dev", MOUNT_NODEV, 0),
	ROW("noexec", MOUNT_NOEXEC, 1),		ROW("exec", MOUNT_NOEXEC, 0),
	ROW("sync", MOUNT_SYNC, 1),		ROW("async", MOUNT_SYNC, 0),
	ROW("dirsync", MOUNT_DIRSYNC, 1),
	ROW("nosymfollow", MOUNT_NOSYMFOLLOW, 1), ROW("symfollow", MOUNT_NOSYMFOLLOW, 0),
	ROW("noatime", MOUNT_NOATIME, 1),	ROW("atime", MOUNT_NOATIME, 0),
	ROW("nodiratime", MOUNT_NODIRATIME, 1),	ROW("diratime", MOUNT_NODIRATIME, 0),
	ROW("relatime", MOUNT_RELATIME, 1),	ROW("norelatime", MOUNT_RELATIME, 0),
	ROW("strictatime", MOUNT_STRICTATIME, 1), ROW("nostrictatime", MOUNT_STRICTATIME, 0),
	ROW("lazytime", MOUNT_LAZYTIME, 1),	ROW("nolazytime", MOUNT_LAZYTIME, 0),
	ROW("defaults", MOUNT_NONE, 0),
#undef ROW
};

enum { FLAG_NAMES = sizeof(flag_names) / sizeof(*flag_names) };

/* Only one of these is set: the last one given. */
enum { ATIMES = MOUNT_NOATIME | MOUNT_RELATIME | MOUNT_STRICTATIME };

static bool parse_flag(struct optlist *o, const char *name)
{
	for (unsigned int i = 0; i < FLAG_NAMES; i++) {
		uint32_t flag = 1u << flag_names[i].bit;

		if (strcmp(name, flag_names[i].name) != 0)
			continue;
		o->flags &= ~flag;
		if (flag_names[i].on)
			o->flags = (flag & ATIMES ? o->flags & ~(uint32_t)ATIMES : o->flags) | flag;
		return true;
	}
	return false;
}

static bool parse_switch(struct optlist *o, const char *name)
{
	bool on = strncmp(name, "no", 2) != 0;

	name += on ? 0 : 2;
	if (strcmp(name, "allow_other") == 0)
		o->allow_other = on;
	else if (strcmp(name, "default_permissions") == 0)
		o->default_permissions = on;
	else
		return false;
	return true;
}

static const char *parse_size(uint32_t *to, const char *value)
{
	uint64_t n;

	if (opt_number(value, UINT32_MAX, &n) < 0)
		return "not a number of bytes";
	*to = (uint32_t)n;
	return NULL;
}

static const char *parse_value(struct optlist *o, const char *name, char *value)
{
	if (strcmp(name, "fsname") == 0)
		o->fsname = value;
	else if (strcmp(name, "subtype") == 0)
		o->subtype = value;
	else if (strcmp(name, "max_read") == 0)
		return parse_size(&o->max_read, value);
	else if (strcmp(name, "blksize") == 0)
		return parse_size(&o->blksize, value);
	else
		return opt_unknown;
	return NULL;
}

char *optlist_cut(char *text)
{
	for (; *text && *text != ','; text++)
		text += *text == '\\' && text[1];
	if (!*text)
		return NULL;
	*text = '\0';
	return text + 1;
}

static void remove_backslashes(char *option)
{
	char *to = option;

	for (; *option; option++) {
		option += *option == '\\' && option[1];
		*to++ = *option;
	}
	*to = '\0';
}

/* optlist_cut(), and takes the backslashes out of the option that it cuts off. */
static char *cut(char *text)
{
	char *next = optlist_cut(text);

	remove_backslashes(text);
	return next;
}

/* Parses one option, "NAME" or "NAME=VALUE". Returns NULL, or why it is refused. */
static const char *parse_one(struct optlist *o, char *name)
{
	const char *why = NULL;
	char *value;

	if (!*name || (o->first && o->first(o, name, &why))
	    || parse_flag(o, name) || parse_switch(o, name))
		return why;
	value = strchr(name, '=');
	if (!value)
		return opt_unknown;
	*value = '\0';
	why = parse_value(o, name, value + 1);
	*value = '=';
	return why;
}

const char *optlist_parse(struct optlist *o, char *text, const char **bad)
{
	const char *why = NULL;

	*bad = text;
	while (text && !why) {
		*bad = text;
		text = cut(text);
		why = parse_one(o, (char *)*bad);
	}
	return why;
}

bool optlist_is_for_mount(const char *option)
{
	static const char words[] = "auto|noauto|user|nouser|users|nousers|owner|noowner|group|nogroup"
				    "|nofail|_netdev|defaults"
				    /* flags that change nothing in FUSE */
				    "|silent|loud|mand|nomand|iversion|noiversion";
	static const char beginnings[][9] = { "x-", "X-", "comment=", "user=", "helper=", "uhelper=" };

	if (opt_word(words, option) >= 0)
		return true;
	for (unsigned int i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (strncmp(option, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

const char *optlist_label(const char *option)
{
	static const char names[][13] = { "context=", "fscontext=", "defcontext=", "rootcontext=" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(option, names[i], strlen(names[i])) == 0)
			return "SELinux labels cannot be set by mount options here";
	return NULL;
}

static int parse_mode(const char *text, uint32_t *mode)
{
	size_t digits = strspn(text, "01234567");

	if (!digits || digits > 5 || (text[digits] && text[digits] != ','))
		return -EINVAL;
	for (*mode = 0; digits; digits--)
		*mode = *mode * 8 + (uint32_t)(*text++ - '0');
	return *mode > 07777 ? -EINVAL : 1;
}

int optlist_mkdir(const char *list, uint32_t *mode)
{
	static const char name[] = "-mount.mkdir";
	int found = 0;

	for (; *list && found >= 0; list = text_next_word(list)) {
		const char *end = list + sizeof(name);

		if ((*list != 'X' && *list != 'x') || strncmp(list + 1, name, sizeof(name) - 1) != 0)
			continue;
		if (*end == '=')
			found = parse_mode(end + 1, mode);
		else if (!*end || *end == ',')
			found = 1, *mode = 0755;
	}
	return found;
}

void optlist_known(struct optlist *o, char *text)
{
	while (text) {
		char *name = text;

		text = cut(text);
		parse_one(o, name);
	}
}

/* NULL in a small build. */
extern __typeof__(opt_nearer) opt_nearer __attribute__((weak));
extern __typeof__(opt_near) opt_near __attribute__((weak));

static const char *find_near(const struct opt *table, const char *typed)
{
	static const char *const others[] = {
		"allow_other", "auto_unmount", "blksize", "default_permissions", "fsname", "max_read", "subtype",
	};
	const char *nearest = NULL;

	for (unsigned int i = 0; i < sizeof(others) / sizeof(*others); i++)
		opt_nearer(typed, others[i], &nearest);
	for (unsigned int i = 0; i < FLAG_NAMES; i++)
		opt_nearer(typed, flag_names[i].name, &nearest);
	if (table)
		opt_near(table, typed, &nearest);
	return nearest;
}

const char *optlist_unknown(const struct opt *table, const char *option)
{
	static char text[64];
	const char *near = opt_near ? find_near(table, option) : NULL;

	if (!near)
		return opt_unknown;
	text_fmt(text, sizeof(text), "%s; did you mean %s?", opt_unknown, near);
	return text;
}

void optlist_fuse(const struct optlist *o, struct out *to)
{
	if (o->default_permissions)
		out_str(to, ",default_permissions");
	if (o->allow_other)
		out_str(to, ",allow_other");
	if (o->max_read)
		out_fmt(to, ",max_read=%u", o->max_read);
	if (o->blksize)
		out_fmt(to, ",blksize=%u", o->blksize);
}

static void named(struct out *to, const char *name, const char *value)
{
	if (!value)
		return;
	out_fmt(to, ",%s=", name);
	for (; *value; value++) {
		if (*value == ',' || *value == '\\')
			out_char(to, '\\');
		out_char(to, *value);
	}
}

void optlist_text(const struct optlist *o, struct out *to)
{
	out_str(to, o->flags & MOUNT_RDONLY ? "ro" : "rw");
	for (unsigned int i = 0; i < FLAG_NAMES; i++)
		if (flag_names[i].on && o->flags & ~(uint32_t)MOUNT_RDONLY & 1u << flag_names[i].bit)
			out_fmt(to, ",%s", flag_names[i].name);
	optlist_fuse(o, to);
	named(to, "fsname", o->fsname);
	named(to, "subtype", o->subtype);
}
