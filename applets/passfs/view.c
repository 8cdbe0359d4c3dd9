/* SPDX-License-Identifier: MIT */
/* view: see view.h. */
#define _GNU_SOURCE
#include "view.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "opt.h"

/* ---- Owners ---- */

/* A number, or a name if the view can look those up. */
static bool read_id(const struct passview *view, const char *text, size_t len, bool group, uint32_t *id)
{
	char name[64];
	uint64_t number;

	if (len == 0 || len >= sizeof(name) || memchr(text, ':', len))
		return false;
	memcpy(name, text, len);
	name[len] = '\0';
	if (opt_number(name, UINT32_MAX - 1, &number) < 0)
		return view->find && view->find(name, group, id);
	*id = (uint32_t)number;
	return true;
}

/* "@" marks a group, on both sides of ":". */
static bool read_side(const struct passview *view, const char **at, bool *group, uint32_t *id)
{
	size_t len;

	*group = **at == '@';
	*at += *group;
	len = strcspn(*at, ":,");
	*at += len;
	return read_id(view, *at - len, len, *group, id);
}

const char *passview_map(void *to, char *value, const char **bad)
{
	struct passview *view = to;
	const char *at = value;
	bool group;

	for (*bad = value; *at; at += *at == ',') {
		if (view->pairs == VIEW_PAIRS)
			return "more than 32 pairs";
		if (!read_side(view, &at, &view->pair[view->pairs].group, &view->pair[view->pairs].source) || *at++ != ':'
		    || !read_side(view, &at, &group, &view->pair[view->pairs].shown)
		    || group != view->pair[view->pairs].group || *at == ':')
			return "not UID:UID or @GID:@GID, nor names of users or groups";
		view->pairs++;
	}
	return NULL;
}

static const char *set_forced(int *to, const struct passview *view, const char *value, bool group)
{
	uint32_t id;

	if (!read_id(view, value, strlen(value), group, &id) || id > INT32_MAX)
		return group ? "no such group" : "no such user";
	*to = (int)id;
	return NULL;
}

const char *passview_force_user(void *to, char *value, const char **bad)
{
	struct passview *view = to;

	*bad = value;
	return set_forced(&view->force_user, view, value, false);
}

const char *passview_force_group(void *to, char *value, const char **bad)
{
	struct passview *view = to;

	*bad = value;
	return set_forced(&view->force_group, view, value, true);
}

static bool map_id(const struct passview *view, uint32_t *id, bool group, bool back)
{
	for (uint32_t i = 0; i < view->pairs; i++) {
		if (view->pair[i].group == group && *id == (back ? view->pair[i].shown : view->pair[i].source)) {
			*id = back ? view->pair[i].source : view->pair[i].shown;
			return true;
		}
	}
	return false;
}

/* An id that would exceed the largest one stays as it is: beyond that comes root. */
uint32_t passview_shown(const struct passview *view, uint32_t id, bool group)
{
	int force = group ? view->force_group : view->force_user;
	uint32_t offset = (uint32_t)(group ? view->gid_offset : view->uid_offset);

	if (force >= 0)
		return (uint32_t)force;
	return map_id(view, &id, group, false) || id >= UINT32_MAX - offset ? id : id + offset;
}

/* An id whose counterpart in SOURCE would be negative stays as it is. */
uint32_t passview_source(const struct passview *view, uint32_t id, bool group)
{
	uint32_t offset = (uint32_t)(group ? view->gid_offset : view->uid_offset);

	if (id == UINT32_MAX || map_id(view, &id, group, true) || id < offset)
		return id;
	return id - offset;
}

bool passview_alters(const struct passview *view, bool group)
{
	return view->pairs || (group ? view->gid_offset || view->force_group >= 0
				     : view->uid_offset || view->force_user >= 0);
}

bool passview_is_plain(const struct passview *view)
{
	return !view->perms && !passview_alters(view, false) && !passview_alters(view, true);
}

/* ---- Permissions ---- */

enum { DIRECTORY = 0040000, TYPES = 0170000, ANY_X = 0111 };

static uint32_t parse_who(const char **at)
{
	uint32_t bits = 0;

	for (;; ++*at) {
		switch (**at) {
		case 'u': bits |= 04700; break;
		case 'g': bits |= 02070; break;
		case 'o': bits |= 01007; break;
		case 'a': bits |= 07777; break;
		default: return bits ? bits : 07777;
		}
	}
}

static uint32_t parse_perms(const char **at, uint32_t mode)
{
	uint32_t bits = 0;

	for (;; ++*at) {
		switch (**at) {
		case 'r': bits |= 0444; break;
		case 'w': bits |= 0222; break;
		case 'x': bits |= 0111; break;
		case 'X': bits |= (mode & TYPES) == DIRECTORY || mode & ANY_X ? 0111 : 0; break;
		case 's': bits |= 06000; break;
		case 't': bits |= 01000; break;
		default: return bits;
		}
	}
}

static bool apply_clause(const char **at, uint32_t *mode)
{
	uint32_t mask = parse_who(at), bits;
	char how = **at;

	if (how != '=' && how != '+' && how != '-')
		return false;
	++*at;
	bits = parse_perms(at, *mode) & mask;
	if (how == '=')
		*mode &= ~(mask & 0777);
	*mode = how == '-' ? *mode & ~bits : *mode | bits;
	return true;
}

bool perms_apply(const char *at, uint32_t *mode)
{
	uint32_t octal = 0;
	const char *start = at;

	while (*at >= '0' && *at <= '7' && octal <= 0777)
		octal = octal * 8 + (uint32_t)(*at++ - '0');
	if (at != start) {
		*mode = (*mode & ~07777u) | octal;
		return !*at && octal <= 07777;
	}
	do {
		if (!apply_clause(&at, mode))
			return false;
	} while (*at++ == ',');
	return !at[-1];
}

const char *passview_perms(void *to, char *value, const char **bad)
{
	uint32_t mode = 0;

	*bad = value;
	((struct passview *)to)->perms = value;
	return perms_apply(value, &mode) ? NULL : "not permissions as chmod(1) takes them";
}

uint32_t passview_mode(const struct passview *view, uint32_t mode)
{
	if (view->perms && (mode & TYPES) != 0120000)	/* a symbolic link's mode has no meaning */
		perms_apply(view->perms, &mode);
	return mode;
}

/* ---- ACLs ---- */

/* A version of four bytes, then entries of eight: tag and permissions of two bytes each, and an id
   of four. All are little-endian and may be unaligned. <linux/posix_acl_xattr.h> */
enum { HEAD = 4, ENTRY = 8, PERMISSIONS = 2, ACL_ID = 4 };
enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };

/* Maps the id of an entry. False: drop the entry, since all files show one owner or group. */
static bool map_acl_id(const struct passview *view, unsigned char *entry, bool back)
{
	bool group = *entry == GROUP;
	uint32_t id;

	memcpy(&id, entry + ACL_ID, sizeof(id));
	id = le32toh(id);
	id = htole32(back ? passview_source(view, id, group) : passview_shown(view, id, group));
	memcpy(entry + ACL_ID, &id, sizeof(id));
	return back || (group ? view->force_group : view->force_user) < 0;
}

/* Sets the permissions that chmod(1) would set: those of the owner and others, and the mask, which
   limits all other entries, or the group's if there is no mask. */
size_t passview_acl(const struct passview *view, void *list, size_t size, uint32_t mode, bool back)
{
	unsigned char *to = (unsigned char *)list + HEAD, *end = (unsigned char *)list + size;
	uint32_t masked = 0;

	if (size % ENTRY != HEAD)
		return size;	/* no ACL; the kernel refuses it */
	for (unsigned char *entry = to; entry < end; entry += ENTRY)
		masked |= *entry & MASK;
	for (unsigned char *entry = to; entry < end; entry += ENTRY) {
		if (*entry & (USER | GROUP)) {
			if (!map_acl_id(view, entry, back))
				continue;
		} else if (mode && (*entry != GROUP_OBJ || !masked)) {
			entry[PERMISSIONS] = mode >> (*entry == USER_OBJ ? 6 : *entry == OTHER ? 0 : 3) & 7;
		}
		memmove(to, entry, ENTRY);
		to += ENTRY;
	}
	return (size_t)(to - (unsigned char *)list);
}

/* ---- Names ---- */

/* *at is after "[" and moves behind "]". Whether c is in the set; a set without "]" is empty. */
static bool match_set(const char **at, unsigned char c)
{
	bool not = **at == '!' || **at == '^', in = false;
	const char *p = *at + not, *first = p;

	for (; *p && (*p != ']' || p == first); p++) {
		unsigned char from = (unsigned char)*p, to = from;

		if (p[1] == '-' && p[2] && p[2] != ']')
			to = (unsigned char)*(p += 2);
		in |= c >= from && c <= to;
	}
	*at = p + (*p == ']');
	return *p && in != not;
}

/* After a mismatch the last "*" takes one more byte; an earlier "*" never has to. */
bool name_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	while (*name) {
		const char *at = pattern;
		bool fits = false;

		switch (*at) {
		case '*': star = ++pattern; resume = name; continue;
		case '?': fits = true; at++; break;
		case '[': at++; fits = match_set(&at, (unsigned char)*name); break;
		case '\\': at += at[1] != 0; /* fall through */
		default: fits = *at && *at == *name; at += *at != 0; break;
		}
		if (fits) {
			pattern = at;
			name++;
		} else if (star) {
			pattern = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

const char *passview_hide(void *to, char *value, const char **bad)
{
	struct passview *view = to;

	*bad = value;
	if (view->hides == VIEW_HIDDEN)
		return "more than 32 patterns";
	view->hidden[view->hides++] = value;
	return NULL;
}

bool passview_hides(const struct passview *view, const char *name)
{
	for (uint32_t i = 0; i < view->hides; i++)
		if (name_matches(view->hidden[i], name))
			return true;
	return false;
}
