/* SPDX-License-Identifier: MIT */
/* json: see json.h. */
#include "json.h"


/* JSON escapes a character as UTF-16: two escapes for a code point above U+FFFF. */
static void put_escape(struct out *out, uint32_t code)
{
	if (code >= 0x10000) {
		code -= 0x10000;
		out_fmt(out, "\\u%04x", 0xd800 | code >> 10);
		code = 0xdc00 | (code & 0x3ff);
	}
	out_fmt(out, "\\u%04x", code);
}

static void put_string(struct out *out, const char *text)
{
	out_char(out, '"');
	while (*text) {
		uint32_t code;
		int len = text_character(text, &code);

		if (len == 0 || text_is_control(code)) {
			put_escape(out, len ? code : 0xfffd);
			text += len ? len : 1;
			continue;
		}
		if (*text == '"' || *text == '\\')
			out_char(out, '\\');
		while (len--)
			out_char(out, *text++);
	}
	out_char(out, '"');
}

static void begin_value(struct json *json, const char *key)
{
	if (json->more)
		out_char(json->out, ',');
	json->more = true;
	if (key) {
		put_string(json->out, key);
		out_char(json->out, ':');
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin_value(json, key);
	out_char(json->out, bracket);
	json->more = false;
}

void json_close(struct json *json, char bracket)
{
	out_char(json->out, bracket);
	json->more = true;
}

void json_text(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	if (text)
		put_string(json->out, text);
	else
		out_str(json->out, "null");
}

void json_number(struct json *json, const char *key, int64_t number)
{
	begin_value(json, key);
	if (number < 0)
		out_str(json->out, "null");
	else
		out_fmt(json->out, "%llu", (unsigned long long)number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	out_str(json->out, value ? "true" : "false");
}
