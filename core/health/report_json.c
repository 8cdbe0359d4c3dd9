/* SPDX-License-Identifier: MIT */
/* report_json: an event as a JSON object. */
#include "health/report.h"
#include "msg.h"

void report_json(const struct report *to, const char *event, int err, const char *text)
{
	json_open(to->json, NULL, '{');
	json_text(to->json, "event", event);
	if (err)
		json_text(to->json, "error", msg_errno_name(err));
	json_text(to->json, "text", text);
	json_close(to->json, '}');
}
