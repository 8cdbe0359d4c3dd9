/* out: text, formatted into a buffer and written in one piece.
 *
 * The printf family costs 16 KB in a static binary; this costs one. It knows
 * %s %d %u %x %o %c %%, the lengths l, ll and z, a width (- and 0 before it,
 * * for it) and a precision for %s. The compiler checks the arguments.
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
	size_t len;	/* bytes in it; always < size, so that a NUL fits */
	int fd;		/* where a full buffer is written; below 0: what does not fit is cut */
	bool escape;	/* %s shows what text_is_control(), backslashes, and bytes that are no
			   UTF-8 as \n, \t, \r, \\, and else each byte in octal: \033, \302\233 */
	int error;	/* the first -errno of a write */
};

#define OUT_FD(buffer, to) { .buf = (buffer), .size = sizeof(buffer), .fd = (to) }
#define OUT_TEXT(buffer) { .buf = (buffer), .size = sizeof(buffer), .fd = -1 }

void out_char(struct out *out, char c);
void out_str(struct out *out, const char *s);
void out_fmt(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void out_vfmt(struct out *out, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

/* The text so far, with a NUL behind it. */
const char *out_text(struct out *out);

/* Writes what is in the buffer to fd. Returns 0, or the first -errno that any
   write to fd has met. */
int out_flush(struct out *out);

/* Where part stands in text, or NULL: text_find(3) is a twentieth of its
   size here, for texts of a page or so. */
char *text_find(const char *text, const char *part);

/* Whether word is one of those in "alice,bob". */
bool text_in_list(const char *list, const char *word);

/* The UTF-8 character at text, which ends with a NUL: how many bytes it has, 0 if it is none. */
int text_character(const char *text, uint32_t *code);
/* Whether it is to be shown escaped, coming from others: a terminal would obey it, or show
   nothing, or the rest of the line in another order. */
bool text_is_control(uint32_t code);

/* In place: \ooo, as mountinfo and fstab(5) have blanks, tabs, newlines and
   backslashes, becomes the byte. */
void text_unescape(char *text);

#endif
