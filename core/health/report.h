/* SPDX-License-Identifier: MIT */
/* report: prints what a tool did to a mount or found out about it (an event), as a text line or a JSON
   object. */
#ifndef FUSEBOX_HEALTH_REPORT_H
#define FUSEBOX_HEALTH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "health/holders.h"
#include "health/waiters.h"
#include "json.h"

struct report {
	const char *object;	/* as the user named it */
	struct json *json;	/* NULL: text */
	bool quiet;
	int except;		/* a pid not to report as a holder; 0: none */
	uint64_t mount_id;	/* a mount here not to report as a bind; 0: none */
};

/* One event: "applet: object: text", or {"event":…,"text":…}. */
void report(const struct report *to, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failure: JSON has "error":"EBUSY", too. */
void report_error(const struct report *to, const char *event, int negative_errno, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for to->json; NULL in a small build, which has no --json. */
void report_json(const struct report *to, const char *event, int negative_errno, const char *text) __attribute__((weak));

/* "held by 4711 (sleep) of alice: open file /mnt/x", and as JSON. */
void report_holder(const struct report *to, const struct holder *holder);

/* Appends "4711 (sleep) of alice: open file /mnt/x" to a text; adds the same facts to a JSON
   object. */
void report_holder_text(struct out *out, const struct holder *holder);
void report_holder_facts(struct json *json, const struct holder *holder);

/* Reports each process that holds device major:minor, within the time limits of holders.h. Returns
   their number. */
int report_holders(const struct report *to, uint32_t major, uint32_t minor);

/* Reports each process that waits for the server of the device (waiters.h). Returns their number. */
int report_waiters(const struct report *to, uint32_t major, uint32_t minor);

/* Writes "4711 (cat) of alice: read, for 3.2 s" to a text; adds the same facts to a JSON object. */
void report_waiter_text(struct out *out, const struct waiter *waiter);
void report_waiter_facts(struct json *json, const struct waiter *waiter);

/* Reports each mount of the device, in this mount namespace and in others. Returns their number. */
int report_binds(const struct report *to, uint32_t major, uint32_t minor);

/* Reports the mounts of a connection that has just been aborted as dead. */
void report_dead(const struct report *to, uint32_t major, uint32_t minor);

#endif
