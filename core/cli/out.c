/* SPDX-License-Identifier: MIT */
/* out: format text without stdio. See out.h. */
#include "out.h"

#include <stdint.h>
#include <string.h>

#include "setuid.h"
#include "sys.h"

struct out out_to(char *buf, size_t size, int fd)
{
	return (struct out) { .buf = buf, .size = size, .fd = fd };
}

struct out out_in(char *buf, size_t size)
{
	return out_to(buf, size, -1);
}

void out_char(struct out *out, char c)
{
	if (out->len + 1 >= out->size) {
		if (out->fd < 0)
			return;
		out_flush(out);
	}
	out->buf[out->len++] = c;
}

void out_str(struct out *out, const char *s)
{
	while (*s)
		out_char(out, *s++);
}

const char *out_text(struct out *out)
{
	out->buf[out->len] = '\0';
	return out->buf;
}

int out_flush(struct out *out)
{
	int err = out->fd < 0 ? 0 : sys_write_all(out->fd, out->buf, out->len);

	if (err && !out->error)
		out->error = err;
	out->len = 0;
	return out->error;
}

int text_character(const char *text, uint32_t *code)
{
	const unsigned char *at = (const unsigned char *)text;
	int more = *at < 0xc2 || *at >= 0xf5 ? -1 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;

	*code = *at;
	if (*at < 0x80)
		return 1;
	if (more > 0)
		*code &= 0x3fu >> more;
	for (int i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3fu);
	}
	/* Invalid: an overlong encoding, a surrogate, or above U+10FFFF. */
	if ((more == 2 && *code < 0x800) || *code >> 11 == 0x1b || (more == 3 && (*code < 0x10000 || *code > 0x10ffff)))
		return 0;
	return more + 1;
}

/* Ranges, in ascending order, of characters that control a terminal, are invisible, or reorder the rest of the line: C0,
   DEL and C1 controls, soft hyphen, direction marks and overrides, line and paragraph separators,
   joiners, fillers and other characters without width or ink, and private ones. */
bool text_is_control(uint32_t code)
{
	static const uint16_t ranges[][2] = {
		{ 0, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 },
		{ 0x1680, 0x1680 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xe000, 0xf8ff },
		{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
	};

	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(*ranges) && code >= ranges[i][0]; i++)
		if (code <= ranges[i][1])
			return true;
	return code >= 0xe0000;	/* tags, variation selectors, private use and unassigned planes */
}

static void escape_byte(struct out *out, unsigned char byte)
{
	static const char named[] = "\\\\\nn\tt\rr";
	const char *at = byte ? strchr(named, byte) : NULL;

	out_char(out, '\\');
	if (at && (at - named) % 2 == 0) {
		out_char(out, at[1]);
		return;
	}
	for (int shift = 6; shift >= 0; shift -= 3)
		out_char(out, (char)('0' + ((byte >> shift) & 7)));
}

/* Writes one character of text, of which n bytes are left, escaped if it is a control. Returns the
   character's size in bytes. */
static size_t put_escaped(struct out *out, const char *text, size_t n)
{
	uint32_t code;
	size_t len = (size_t)text_character(text, &code);
	bool plain = len && len <= n && !text_is_control(code) && code != '\\';

	len = len && len <= n ? len : 1;
	/* Do not write a part of a character. */
	if (plain && out->fd < 0 && out->len + len >= out->size)
		return len;
	for (size_t i = 0; i < len; i++)
		plain ? out_char(out, text[i]) : escape_byte(out, (unsigned char)text[i]);
	return len;
}

/* The formats of the set-uid helper have no widths and lengths: tests/house looks for them. */
enum { PLAIN = FOR_HELPER };

/* One conversion: the part between '%' and its letter. */
struct spec {
	bool left;
	char pad;
	size_t width, precision;
	int longs;	/* l: 1, ll: 2, z: 3 */
};

static void put_padding(struct out *out, const struct spec *spec, size_t used)
{
	for (; !PLAIN && used < spec->width; used++)
		out_char(out, spec->pad);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	size_t n = PLAIN ? strlen(s) : strnlen(s, spec->precision);

	if (!spec->left)
		put_padding(out, spec, n);
	for (size_t i = 0; i < n && out->escape; )
		i += put_escaped(out, s + i, n - i);
	for (size_t i = 0; i < n && !out->escape; i++)
		out_char(out, s[i]);
	if (spec->left)
		put_padding(out, spec, n);
}

static void put_number(struct out *out, const struct spec *spec, uint64_t value,
		   unsigned int base, bool negative)
{
	char digits[24] = { 0 };
	size_t at = sizeof(digits) - 1;
	struct spec plain = *spec;

	do
		digits[--at] = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		digits[--at] = '-';
	plain.precision = sizeof(digits);
	put_string(out, &plain, digits + at);
}

/* A struct, because the address of a va_list parameter is not portable. */
struct arguments { va_list list; };

static uint64_t unsigned_argument(struct arguments *args, int longs)
{
	switch (longs) {
	case 0:  return va_arg(args->list, unsigned int);
	case 1:  return va_arg(args->list, unsigned long);
	case 2:  return va_arg(args->list, unsigned long long);
	default: return va_arg(args->list, size_t);
	}
}

static int64_t signed_argument(struct arguments *args, int longs)
{
	switch (longs) {
	case 0:  return va_arg(args->list, int);
	case 1:  return va_arg(args->list, long);
	case 2:  return va_arg(args->list, long long);
	default: return va_arg(args->list, ssize_t);
	}
}

static size_t parse_count(const char **fmt, struct arguments *args)
{
	size_t n = 0;

	if (**fmt == '*') {
		++*fmt;
		return (size_t)va_arg(args->list, int);
	}
	while (**fmt >= '0' && **fmt <= '9')
		n = n * 10 + (size_t)(*(*fmt)++ - '0');
	return n;
}

static struct spec parse_spec(const char **fmt, struct arguments *args)
{
	struct spec spec = { .pad = ' ', .precision = SIZE_MAX };

	for (; !PLAIN; ++*fmt) {
		if (**fmt == '-')
			spec.left = true;
		else if (**fmt == '0')
			spec.pad = '0';
		else
			break;
	}
	if (PLAIN)
		return spec;
	spec.width = parse_count(fmt, args);
	if (**fmt == '.') {
		++*fmt;
		spec.precision = parse_count(fmt, args);
	}
	for (; **fmt == 'l'; ++*fmt)
		spec.longs++;
	if (**fmt == 'z') {
		++*fmt;
		spec.longs = 3;
	}
	return spec;
}

static void convert(struct out *out, const struct spec *spec, char letter, struct arguments *args)
{
	int64_t i;

	switch (letter) {
	case 's':
		put_string(out, spec, va_arg(args->list, const char *));
		return;
	case 'c':
		out_char(out, (char)va_arg(args->list, int));
		return;
	case 'd':
		i = signed_argument(args, spec->longs);
		put_number(out, spec, i < 0 ? -(uint64_t)i : (uint64_t)i, 10, i < 0);
		return;
	case 'u':
	case 'x':
	case 'o':
		put_number(out, spec, unsigned_argument(args, spec->longs),
		       letter == 'u' ? 10 : letter == 'x' ? 16 : 8, false);
		return;
	default:
		out_char(out, letter);
	}
}

void out_vfmt(struct out *out, const char *fmt, va_list list)
{
	struct arguments args;

	va_copy(args.list, list);
	for (; *fmt; fmt++) {
		struct spec spec;

		if (*fmt != '%') {
			out_char(out, *fmt);
			continue;
		}
		fmt++;
		spec = parse_spec(&fmt, &args);
		convert(out, &spec, *fmt, &args);
	}
	va_end(args.list);
}

void out_fmt(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	out_vfmt(out, fmt, args);
	va_end(args);
}

char *text_fmt(char *text, size_t size, const char *fmt, ...)
{
	struct out out = { .buf = text, .size = size, .fd = -1 };
	va_list args;

	va_start(args, fmt);
	out_vfmt(&out, fmt, args);
	va_end(args);
	out_text(&out);
	return text;
}

char *text_find(const char *text, const char *part)
{
	size_t len = strlen(part);

	for (; *text; text++)
		if (strncmp(text, part, len) == 0)
			return (char *)text;
	return NULL;
}

const char *text_next_word(const char *list)
{
	list += strcspn(list, ",");
	return list + (*list == ',');
}

static bool is_first(const char *list, const char *word, size_t len)
{
	return strncmp(list, word, len) == 0 && (list[len] == ',' || !list[len]);
}

bool text_is_first(const char *list, const char *word)
{
	return is_first(list, word, strlen(word));
}

bool text_has_word(const char *list, const char *word, size_t len)
{
	for (; *list; list = text_next_word(list))
		if (is_first(list, word, len))
			return true;
	return false;
}

bool text_in_list(const char *list, const char *word)
{
	return text_has_word(list, word, strlen(word));
}

uint64_t text_number(const char *text)
{
	uint64_t number = 0;

	while (*text >= '0' && *text <= '9')
		number = number * 10 + (uint64_t)(*text++ - '0');
	return number;
}

void text_unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0');
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}
