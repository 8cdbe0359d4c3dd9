/* SPDX-License-Identifier: MIT */
/* view: print facts and tables as text for a terminal or a pipe, or as JSON. */
#ifndef FUSEBOX_FUSE_INFO_VIEW_H
#define FUSEBOX_FUSE_INFO_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

enum { VIEW_CELL = 512 };

/* The output and its form. */
struct view {
	struct out *out;
	struct json *json;	/* NULL: print text */
	bool colour;
	int width;		/* columns of the terminal; 0: unlimited */
};

/* Prints one fact: "  label          text", or "label":"text" in JSON. NULL, or a number below 0:
   not known. */
void view_text(struct view *view, const char *label, const char *text);
void view_number(struct view *view, const char *label, int64_t number);
/* Prints the label alone, as text; the caller prints the value and a newline. */
void view_label(struct view *view, const char *label);
/* Print words on one line, which is broken at the width of the terminal, or as a JSON list. */
void view_words_begin(struct view *view, const char *label);
void view_word(struct view *view, const char *word);
void view_words_end(struct view *view);
/* Prints a state in its colour, padded to `pad` columns. */
void view_state(struct view *view, const char *state, int pad);

/* The columns that a text takes on a terminal. */
int view_columns(const char *text);
/* Writes a name to `cell`, its unprintable characters escaped, and shortened to `width` columns (0:
   unlimited); keep_end shortens it at the start. Returns `cell`. */
const char *view_fitted(const char *name, int width, bool keep_end, char cell[VIEW_CELL]);
/* Prints the text of view_fitted(), padded to `width` columns. */
void view_put(struct out *out, const char *text, int width);

#endif
