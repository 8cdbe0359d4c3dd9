/* json: see json.h. */
#include "json.h"

#include <string.h>

/* How many bytes the UTF-8 character at text has; 0: it is none. */
static int character(const unsigned char *text)
{
	int more = *text < 0x80 ? 0 : *text >= 0xc2 && *text < 0xe0 ? 1
		   : *text >= 0xe0 && *text < 0xf0 ? 2 : *text >= 0xf0 && *text < 0xf5 ? 3 : -1;

	for (int i = 1; i <= more; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Too long for what it says, a surrogate, beyond the last one. */
	if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f)
	    || (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
		return 0;
	return more + 1;
}

static void quoted(struct out *out, const char *text)
{
	out_char(out, '"');
	while (*text) {
		int len = character((const unsigned char *)text);

		if (len == 0) {
			out_str(out, "\\ufffd");
			text++;
		} else if ((unsigned char)*text < ' ' || *text == 0x7f) {
			out_fmt(out, "\\u%04x", (unsigned int)*text++);
		} else {
			if (*text == '"' || *text == '\\')
				out_char(out, '\\');
			while (len--)
				out_char(out, *text++);
		}
	}
	out_char(out, '"');
}

static void begin(struct json *json, const char *key)
{
	if (json->more)
		out_char(json->out, ',');
	json->more = true;
	if (key) {
		quoted(json->out, key);
		out_char(json->out, ':');
	}
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
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
	begin(json, key);
	if (text)
		quoted(json->out, text);
	else
		out_str(json->out, "null");
}

void json_number(struct json *json, const char *key, int64_t number)
{
	begin(json, key);
	if (number < 0)
		out_str(json->out, "null");
	else
		out_fmt(json->out, "%llu", (unsigned long long)number);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	out_str(json->out, value ? "true" : "false");
}
