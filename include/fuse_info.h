/* fuse_info: what the parts of fuse-info share. */
#ifndef FUSEBOX_FUSE_INFO_H
#define FUSEBOX_FUSE_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "census.h"
#include "json.h"
#include "table.h"

/* Where it is shown, and how. */
struct view {
	struct out *out;
	struct json *json;	/* NULL: for people */
	bool colour;
	int width;		/* columns; 0: as many as it takes */
};

/* One fact: "  label          text", or "label":"text". NULL: not known. */
void view_text(struct view *view, const char *label, const char *text);
void view_number(struct view *view, const char *label, int64_t number);
/* The start of such a line for people; the value and its newline follow. */
void view_label(struct view *view, const char *label);
/* Words, one after another: a line that is broken where the terminal ends, or a list. */
void view_words_begin(struct view *view, const char *label);
void view_word(struct view *view, const char *word);
void view_words_end(struct view *view);
/* A state in its colour, padded to so many columns. */
void view_state(struct view *view, const char *state, int pad);

/* The kernel: in a line or two, or in full. Returns 0 or -errno of the output. */
void info_kernel(struct view *view, bool full);

/* One mount in full; pid: a process of its mount namespace, NULL: our own. With
   `around`, also who holds it, its binds and other mount namespaces. */
void info_mount(struct view *view, const struct table_row *row, const struct census *census,
		const char *pid, bool around);

/* "45 s", "3 min", "2 h 10 min", "4 d 1 h", in text[24]. */
const char *info_age(uint64_t seconds, char text[24]);

#endif
