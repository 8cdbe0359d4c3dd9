/* SPDX-License-Identifier: MIT */
/* out: format text into a buffer, and write it to a descriptor when the buffer is full.
 *
 * The printf family adds 16 KB to a static binary, this adds 1 KB. It supports
 * %s %d %u %x %o %c %%, the lengths l, ll and z, a width (with - and 0, or *)
 * and a precision for %s. The compiler checks the arguments.
 */
#ifndef FUSEBOX_OUT_H
#define FUSEBOX_OUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out {
	char *buf;	/* the caller's */
	size_t size;	/* of buf */
	size_t len;	/* bytes in buf; always < size, so that a NUL fits */
	int fd;		/* receives a full buffer; below 0: text that does not fit is cut off */
	bool escape;	/* %s escapes controls (text_is_control()), backslashes and bytes that are
			   not UTF-8: as \n, \t, \r, \\, else each byte in octal: \033, \302\233 */
	int error;	/* the first -errno of a write */
};

/* Functions, since setting the members takes more bytes than a call. */
#define OUT_FD(buffer, to) out_to(buffer, sizeof(buffer), to)
#define OUT_TEXT(buffer) out_in(buffer, sizeof(buffer))
struct out out_to(char *buf, size_t size, int fd) __attribute__((noinline));
struct out out_in(char *buf, size_t size) __attribute__((noinline));

void out_char(struct out *out, char c);
void out_str(struct out *out, const char *s);
void out_fmt(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_vfmt(struct out *out, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

/* Appends a NUL and returns buf. */
const char *out_text(struct out *out);

/* Writes the buffer to fd and empties it. Returns 0, or the -errno of the first write
   that failed. */
int out_flush(struct out *out);

/* Formats a text alone, without a struct out: what does not fit is cut off. Returns text. */
char *text_fmt(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Finds the first occurrence of part in text, or NULL. A twentieth of the size of libc's
   strstr(3), and fast enough for short texts. */
char *text_find(const char *text, const char *part);

/* The word after the next comma of a list such as "alice,bob", or the end of the list. Does not
   change the list, so a word ends at a comma or NUL. */
const char *text_next_word(const char *list);
/* Whether the first word of the list is `word`. */
bool text_is_first(const char *list, const char *word);
/* Whether a list contains word, or the len bytes at word. */
bool text_in_list(const char *list, const char *word);
bool text_has_word(const char *list, const char *word, size_t len);

/* Decodes the UTF-8 character at text, which ends in NUL. Returns its size in bytes, or 0 if it is
   invalid. */
int text_character(const char *text, uint32_t *code);
/* Whether a character from an untrusted source must be escaped: it controls a terminal, is
   invisible, or reorders the rest of the line. */
bool text_is_control(uint32_t code);

/* The decimal number that text begins with; 0 if it begins with no digit. */
uint64_t text_number(const char *text);

/* Decodes, in place, the octal escapes \ooo by which mountinfo and fstab(5) represent
   blanks, tabs, newlines and backslashes. */
void text_unescape(char *text);

/* The ending of a plural: "s", or "" after 1. */
static inline const char *out_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
