/* SPDX-License-Identifier: MIT */
/* json: write JSON (RFC 8259). A byte that is not UTF-8 becomes U+FFFD, and a character that
 * controls a terminal, see text_is_control(), is escaped, for example as \u009b. */
#ifndef FUSEBOX_JSON_H
#define FUSEBOX_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

struct json { struct out *out; bool more; /* a comma precedes the next value */ };

/* Each function writes a key, or none within an array (NULL), and a value. */
void json_open(struct json *json, const char *key, char bracket);	/* '{' or '[' */
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *key, const char *text);	/* NULL: null */
void json_number(struct json *json, const char *key, int64_t number);	/* below 0: null */
void json_bool(struct json *json, const char *key, bool value);

#endif
