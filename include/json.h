/* json: what programs read. RFC 8259; a byte that is no UTF-8 becomes U+FFFD, and what a
 * terminal would obey, see text_is_control(), is said as \u009b. */
#ifndef FUSEBOX_JSON_H
#define FUSEBOX_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

struct json { struct out *out; bool more; /* a comma comes before the next one */ };

/* Each with its key, or NULL within an array. */
void json_open(struct json *json, const char *key, char bracket);	/* '{' or '[' */
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *key, const char *text);	/* NULL: null */
void json_number(struct json *json, const char *key, int64_t number);	/* below 0: null */
void json_bool(struct json *json, const char *key, bool value);

#endif
