/* say: see say.h. */
#include "say.h"

#include "msg.h"

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
