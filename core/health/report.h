/* report: what happens to an object, line by line for people or as JSON. */
#ifndef FUSEBOX_HEALTH_REPORT_H
#define FUSEBOX_HEALTH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "health/holders.h"
#include "json.h"

struct report {
	const char *object;	/* as the user named it */
	struct json *json;	/* NULL: for people */
	bool quiet;
	int except;		/* a pid that is not told as a holder; 0: none */
	uint64_t mount_id;	/* a mount of ours that is not told as a bind; 0: none */
};

/* One event: "applet: object: text", or {"event":…,"text":…}. */
void report(const struct report *to, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "held by 4711 (sleep) of alice: open file /mnt/x", and as JSON. */
void report_holder(const struct report *to, const struct holder *holder);

/* "4711 (sleep) of alice: open file /mnt/x", added to a text; and the members of a JSON
   object that tell the same. */
void report_holder_text(struct out *out, const struct holder *holder);
void report_holder_facts(struct json *json, const struct holder *holder);

/* Every process that holds device major:minor; returns how many. Of the time limits,
   see holders.h. */
int report_holders(const struct report *to, uint32_t major, uint32_t minor);

/* Every mount of it, in this mount namespace and in others; returns how many. */
int report_binds(const struct report *to, uint32_t major, uint32_t minor);

/* The same, of a connection that has just been aborted: each of its mounts is dead. */
void report_dead(const struct report *to, uint32_t major, uint32_t minor);

#endif
