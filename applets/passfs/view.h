/* SPDX-License-Identifier: MIT */
/* view: options that change the owners, permissions and names that passfs shows. No system
 * call.
 */
#ifndef FUSEBOX_PASSFS_VIEW_H
#define FUSEBOX_PASSFS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VIEW_PAIRS = 32, VIEW_HIDDEN = 32 };

struct passview {
	/* Looks up a name; NULL: only numbers are taken. */
	bool (*find)(const char *name, bool group, uint32_t *id);
	struct { uint32_t source, shown; bool group; } pair[VIEW_PAIRS];
	uint32_t pairs;
	int force_user, force_group;	/* -1: as in SOURCE */
	int uid_offset, gid_offset;
	const char *perms;		/* passed passview_perms(); NULL: as in SOURCE */
	const char *hidden[VIEW_HIDDEN];
	uint32_t hides;
};

/* Parsers for the option table: "0:1000,@0:@1000"; "root" or "0"; "u=rwX,go=rX" or "0750"; "*.swp". The latter two
   keep `value`, which must stay valid. They set *bad to `value`, and return NULL, or why it is
   refused. */
const char *passview_map(void *view, char *value, const char **bad);
const char *passview_force_user(void *view, char *value, const char **bad);
const char *passview_force_group(void *view, char *value, const char **bad);
const char *passview_perms(void *view, char *value, const char **bad);
const char *passview_hide(void *view, char *value, const char **bad);

/* Maps a uid, or a gid if `group`, of SOURCE to the one that is shown; and back. */
uint32_t passview_shown(const struct passview *view, uint32_t id, bool group);
uint32_t passview_source(const struct passview *view, uint32_t id, bool group);

/* Whether options change owners, or groups. */
bool passview_alters(const struct passview *view, bool group);

/* Whether the mount shows owners, groups and permissions as SOURCE has them. */
bool passview_is_plain(const struct passview *view);

/* The mode with the permissions that are shown. */
uint32_t passview_mode(const struct passview *view, uint32_t mode);

/* Changes a POSIX ACL, in the format of its extended attribute, to what is shown, or `back` to what
   it is in SOURCE. Maps the ids of its entries; drops entries with ids where all files show one
   owner or group. If mode is not 0, sets the permissions of owner, mask (or group, without a mask)
   and others to those of this mode. Returns the size in bytes, which may be smaller. */
size_t passview_acl(const struct passview *view, void *list, size_t size, uint32_t mode, bool back);

/* Whether options hide a name. */
bool passview_hides(const struct passview *view, const char *name);

/* Changes a mode as chmod(1) does: octal, or [ugoa...][+-=][rwxXst...],... False: not a valid mode
   string; *mode may have changed. */
bool perms_apply(const char *perms, uint32_t *mode);

/* Shell patterns: "*", "?", "[a-z]", "[!a-z]" and "\". A name has no "/". */
bool name_matches(const char *pattern, const char *name);

#endif
