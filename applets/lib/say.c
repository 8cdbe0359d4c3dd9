/* say: see say.h. */
#include "say.h"

#include "holders.h"
#include "msg.h"

struct about { const char *shown; int except; };

static int say_holder(const struct holder *h, void *data)
{
	const struct about *about = data;

	if (h->pid != about->except)
		msg("%s: held by %d (%s): %s", about->shown, h->pid, h->command,
		    holder_how_text(h->how));
	return 0;
}

void say_holders(const char *shown, uint32_t major, uint32_t minor, int except)
{
	struct about about = { shown, except };

	if (holders_each(major, minor, say_holder, &about) < 0)
		msg("%s: who holds it is not known: /proc cannot be read", shown);
}
