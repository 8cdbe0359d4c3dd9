/* view: facts and tables, for people on a terminal or in a pipe, or as JSON. */
#ifndef FUSEBOX_FUSE_INFO_VIEW_H
#define FUSEBOX_FUSE_INFO_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

enum { VIEW_CELL = 512 };

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

/* What a text takes on a terminal: characters, not bytes. */
int view_columns(const char *text);
/* A name with what is not to be printed escaped, and cut to so many columns (0: not):
   at its start if what tells names apart is at the end. */
const char *view_fitted(const char *name, int width, bool keep_end, char cell[VIEW_CELL]);
/* Text that is fitted already, padded to so many columns, and a blank. */
void view_put(struct out *out, const char *text, int width);

#endif
