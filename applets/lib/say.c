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

int say_mount(struct mountpoint *at, const char *path, const struct optlist *options)
{
	char text[1024];
	struct out why = OUT_TEXT(text);
	int device = mount_pin(at, path, &why);

	if (device == 0) {
		device = mount_fuse(at, options, &why);
		sys_close(at->under);
	}
	if (device >= 0)
		return device;
	msg("%s", out_text(&why));
	return -1;
}
