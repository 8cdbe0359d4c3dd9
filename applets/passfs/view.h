/* passview: how passfs shows what it mirrors: other owners, other permissions, names that
 * are not there. No system call.
 */
#ifndef FUSEBOX_PASSFS_VIEW_H
#define FUSEBOX_PASSFS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VIEW_PAIRS = 32, VIEW_HIDDEN = 32 };

struct passview {
	struct { uint32_t source, shown; bool group; } pair[VIEW_PAIRS];
	uint32_t pairs;
	int force_user, force_group;	/* -1: as it is */
	int uid_offset, gid_offset;
	const char *perms;		/* checked; NULL: as they are */
	const char *hidden[VIEW_HIDDEN];
	uint32_t hides;
};

/* For the option table: "0:1000,@0:@1000"; "u=rwX,go=rX" or "0750"; "*.swp". Each returns
   NULL, or why the value is refused. */
const char *passview_map(void *view, char *value, const char **bad);
const char *passview_perms(void *view, char *value, const char **bad);
const char *passview_hide(void *view, char *value, const char **bad);

/* An owner or group of SOURCE as it is shown, and one that is shown as it is in SOURCE. */
uint32_t passview_shown(const struct passview *view, uint32_t id, bool group);
uint32_t passview_source(const struct passview *view, uint32_t id, bool group);

/* Whether owners, or groups, are shown as others. */
bool passview_alters(const struct passview *view, bool group);

/* The mode as it is shown. */
uint32_t passview_mode(const struct passview *view, uint32_t mode);

/* A POSIX access list, as extended attributes have it, changed to what is shown, or back to
   what it is in SOURCE: those whom it names; and, if mode is not 0, the permissions of
   owner, mask and others are those of this mode. Where all have one owner or group, no
   other is named. Returns its size, which may have become less. */
size_t passview_acl(const struct passview *view, void *list, size_t size, uint32_t mode, bool back);

/* Whether a name is not to be seen. */
bool passview_hides(const struct passview *view, const char *name);

/* What chmod(1) would make of a mode: octal, or [ugoa…][+-=][rwxXst…],… False: no such
   words. */
bool perms_apply(const char *perms, uint32_t *mode);

/* "*", "?", "[a-z]", "[!a-z]" and "\" as in a shell; a name has no "/". */
bool name_matches(const char *pattern, const char *name);

#endif
