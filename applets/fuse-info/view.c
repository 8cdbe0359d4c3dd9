/* SPDX-License-Identifier: MIT */
/* view: see view.h. */
#include "view.h"

#include <string.h>

/* The columns of a character, by its Unicode block: 2 for the wide ones of East Asia and emoji, 0 for
   marks that combine with the character before. */
static int columns_of(uint32_t code)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x64b, 0x65f }, { 0x1ab0, 0x1aff },
		{ 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
		{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};
	enum { COMBINING = 8 };

	if (code < ranges[0].first)
		return 1;
	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return i < COMBINING ? 0 : 2;
	return 1;
}

/* The columns of the first character. *len: its bytes. */
static int measure(const char *text, int *len)
{
	uint32_t code;

	*len = text_character(text, &code);
	if (*len)
		return columns_of(code);
	*len = 1;
	return 1;
}

int view_columns(const char *text)
{
	int n = 0, len;

	for (; *text; text += len)
		n += measure(text, &len);
	return n;
}

const char *view_fitted(const char *name, int width, bool keep_end, char cell[VIEW_CELL])
{
	char whole[4 * VIEW_CELL];
	struct out escaped = { .buf = whole, .size = sizeof(whole), .fd = -1, .escape = true };
	struct out out = out_in(cell, VIEW_CELL);
	const char *at = whole;
	int n, room = width - 3, len;

	out_fmt(&escaped, "%s", name);
	n = view_columns(out_text(&escaped));
	if (width <= 0 || n <= width) {
		out_str(&out, whole);
		return out_text(&out);
	}
	for (; keep_end && n > room; at += len)
		n -= measure(at, &len);
	if (keep_end)
		out_str(&out, "...");
	for (; *at && (keep_end || (room -= measure(at, &len)) >= 0); at += len) {
		measure(at, &len);
		out_fmt(&out, "%.*s", len, at);
	}
	if (!keep_end)
		out_str(&out, "...");
	return out_text(&out);
}

void view_put(struct out *out, const char *text, int width)
{
	bool escape = out->escape;

	out->escape = false;	/* view_fitted() has escaped it */
	out_fmt(out, "%s%*s", text, width > view_columns(text) ? width - view_columns(text) : 0, "");
	out->escape = escape;
}

void view_label(struct view *v, const char *label)
{
	out_fmt(v->out, "  %-21s", label);
}

void view_text(struct view *v, const char *label, const char *text)
{
	if (v->json) {
		json_text(v->json, label, text);
		return;
	}
	view_label(v, label);
	out_fmt(v->out, "%s\n", text ? text : "not known");
}

void view_number(struct view *v, const char *label, int64_t number)
{
	char text[24];

	if (v->json) {
		json_number(v->json, label, number);
		return;
	}
	if (number >= 0)
		text_fmt(text, sizeof(text), "%llu", (unsigned long long)number);
	view_text(v, label, number < 0 ? NULL : text);
}

enum { FIRST_COLUMN = 23, DEFAULT_WIDTH = 80 };	/* the label stands before FIRST_COLUMN */

/* The column of the next word. */
static int word_column;

void view_words_begin(struct view *v, const char *label)
{
	if (v->json) {
		json_open(v->json, label, '[');
		return;
	}
	view_label(v, label);
	word_column = FIRST_COLUMN;
}

void view_word(struct view *v, const char *word)
{
	int len = view_columns(word) + 1;

	if (v->json) {
		json_text(v->json, NULL, word);
		return;
	}
	if (word_column > FIRST_COLUMN && word_column + len > (v->width ? v->width : DEFAULT_WIDTH)) {
		out_char(v->out, '\n');
		view_label(v, "");
		word_column = FIRST_COLUMN;
	}
	out_fmt(v->out, "%s ", word);
	word_column += len;
}

void view_words_end(struct view *v)
{
	if (v->json)
		json_close(v->json, ']');
	else
		out_char(v->out, '\n');
}

void view_state(struct view *v, const char *state, int pad)
{
	static const char good[] = "serving", bad[] = "dead,aborted,hung,stopped";
	const char *colour = text_in_list(good, state) ? "\033[32m"
			     : text_in_list(bad, state) ? "\033[1;31m" : "\033[35m";
	int width = view_columns(state);

	if (v->colour && strcmp(state, "idle") != 0)
		out_str(v->out, colour);
	out_str(v->out, state);
	if (v->colour && strcmp(state, "idle") != 0)
		out_str(v->out, "\033[0m");
	for (; width < pad; width++)
		out_char(v->out, ' ');
}
